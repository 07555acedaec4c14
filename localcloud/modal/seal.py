"""Keep secret values unreadable in the database file.

The key lies next to it, readable by the owner only: this is no defence against the
machine's owner, but a state folder that is copied, searched or uploaded as a test
artefact shows no secret in plaintext.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from pathlib import Path


class Seal:
    """Encryption and signatures under the one key of a state folder."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(Fernet.generate_key())
            fresh.replace(path)
        self._key = path.read_bytes()
        self._fernet = Fernet(self._key)

    def close(self, plain: bytes) -> bytes:
        """Encrypt."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt what `close` returned."""
        return self._fernet.decrypt(sealed)

    def sign(self, text: str) -> str:
        """Return a signature that only this state folder can make."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]


def digest(secret: str) -> bytes:
    """Return what is kept of a token's secret: enough to check it, no more."""
    return hashlib.sha256(secret.encode()).digest()


def matches(secret: str, kept: bytes) -> bool:
    """Tell in constant time whether a secret is the one that was kept."""
    return hmac.compare_digest(digest(secret), kept)
