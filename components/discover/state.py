"""What a stack has already, by its state."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Final

from components.kernel import ConfigurationError

_OURS: Final = "pulumi-python:dynamic/"


def managed_ids(
    stack: str, *, service: str = "prefect", or_none: bool = False
) -> frozenset[str]:
    """Return the ids of all objects of a service that a stack has.

    Args:
        stack: The stack's name, as `pulumi` knows it.
        service: Whose objects.
        or_none: Take a stack that cannot be asked for one that was never up.

    Raises:
        ConfigurationError: `pulumi` cannot tell.
    """
    try:
        done = subprocess.run(
            ["pulumi", "stack", "export", "--non-interactive", "--stack", stack],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        if or_none:
            return frozenset()
        raise ConfigurationError(
            "there is no `pulumi` on PATH, which knows its state; install it, or run "
            "`make engine` and put the folder that it prints on PATH"
        ) from None
    if done.returncode and or_none:
        return frozenset()
    if done.returncode:
        said = done.stderr.strip().partition("\n")[0]
        raise ConfigurationError(f"its state cannot be read: {said}")
    return _ids(json.loads(done.stdout), f"{_OURS}{service}:")


def _ids(export: Any, ours: str) -> frozenset[str]:
    resources = (export.get("deployment") or {}).get("resources") or ()
    return frozenset(
        one["id"] for one in resources if one["type"].startswith(ours) and "id" in one
    )
