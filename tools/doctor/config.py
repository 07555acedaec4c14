"""The stack's config: whether the program takes it, and finds the secrets it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .finding import fine, stop, warn
from .patient import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .patient import Patient

_SECRET: Final = re.compile(r"\$\{(?:json_)?secrets\.([A-Za-z0-9_./ -]+)\}")


def settings(patient: Patient) -> Iterator[Finding]:
    """See that the config is what the program's models take."""
    if not patient.values:
        return
    # Nearly a second of imports, which the other checks need not wait for.
    from pydantic import ValidationError  # noqa: PLC0415

    from components.kernel.check import failures_of  # noqa: PLC0415
    from components.settings import Settings  # noqa: PLC0415

    known = Settings.model_fields.keys()
    given = {key: value for key, value in patient.values.items() if key in known}
    try:
        Settings.model_validate(given)
    except ValidationError as error:
        for path, reason in failures_of(error, given):
            told = f"{patient.project}:{path}: {reason}"
            yield stop(CONFIG, "settings", told)
    else:
        yield fine(CONFIG, "settings", f"valid, tier {given.get('tier')}")


def secrets(patient: Patient) -> Iterator[Finding]:
    """See that each secret that the config refers to is in it."""
    named = sorted(set(_named(dict(patient.values))))
    if not patient.opened:
        if named:
            told = f"not looked for in a config that was not opened: {', '.join(named)}"
            yield warn(CONFIG, "secrets", told)
        return
    missing = [name for name in named if patient.get(name) is None]
    for name in missing:
        told = f"{name} is missing; set it by `pulumi config set --secret {name}`"
        yield stop(CONFIG, "secrets", told)
    if named and not missing:
        yield fine(CONFIG, "secrets", f"{len(named)} referred to, all there")


def _named(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)
        case str():
            yield from _SECRET.findall(value)
