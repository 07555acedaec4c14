"""Credentials that the local cloud makes for itself, once, and keeps to its owner.

They live in a file of mode 0600 in the state folder. A credential that exists is never
changed, so that exports in a user's shell stay valid over restarts and upgrades.
"""

from __future__ import annotations

import json
import os
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Generator = Callable[[], str]

_ALPHABET = string.ascii_letters + string.digits


def token(prefix: str, length: int = 36) -> Generator:
    """Make a generator of random tokens like `pnu_…`: about 6 bits a character."""
    return lambda: prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def access_key_id() -> str:
    """Make an id of a long-term AWS access key: its clients know them by the form."""
    alphabet = string.ascii_uppercase + "234567"
    return "AKIA" + "".join(secrets.choice(alphabet) for _ in range(16))


def identifier() -> str:
    """Make a random UUID."""
    return str(uuid.uuid4())


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only.

    The folder is created too. A reader sees the old text or the new one, never half.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def ensure(path: Path, wanted: Mapping[str, Generator]) -> dict[str, str]:
    """Read the credentials in `path`, making those of `wanted` that it lacks."""
    held: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in wanted.items() if name not in held}
    if missing:
        held |= missing
        write_private(path, json.dumps(held, indent=2, sort_keys=True) + "\n")
    return {name: held[name] for name in wanted}
