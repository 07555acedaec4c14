"""The key pairs that clients seal secrets to, one for each collection of secrets."""

from __future__ import annotations

import base64
import binascii
import secrets

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from localcloud.github.store.database import Database, Record
from localcloud.github.store.entries import Holder


class SealingKey(Record):
    """A key pair and the id under which its public half is handed out."""

    key_id: str
    private_key: bytes

    @property
    def public_key(self) -> str:
        """The public half, base64 as the API gives it."""
        return base64.b64encode(bytes(self._private.public_key)).decode()

    @property
    def _private(self) -> PrivateKey:
        return PrivateKey(self.private_key)

    def open(self, sealed: str) -> bytes | None:
        """The plain text of a sealed box, or None if it was sealed to another key."""
        try:
            box = base64.b64decode(sealed, validate=True)
            return SealedBox(self._private).decrypt(box)
        except (CryptoError, binascii.Error, ValueError):
            return None


def key_for(db: Database, holder: Holder) -> SealingKey:
    """The holder's key pair, made when it is first asked for."""
    query = "SELECT * FROM sealing_keys WHERE kind = ? AND scope = ? AND scope_id = ?"
    if found := db.row(SealingKey, query, *holder):
        return found
    # GitHub's key ids are decimal numbers of up to 19 digits.
    made = SealingKey(
        key_id=str(10**18 + secrets.randbelow(8 * 10**18)),
        private_key=bytes(PrivateKey.generate()),
    )
    db.run(
        "INSERT INTO sealing_keys VALUES (?, ?, ?, ?, ?)",
        *holder,
        made.key_id,
        made.private_key,
    )
    return made


def rotate(db: Database, holder: Holder) -> None:
    """Forget the holder's key pair: the next key that is asked for is a new one.

    What was sealed to the old key can't be shown any more; GitHub keeps using such
    secrets, it only stops accepting new ones under the old key id.
    """
    db.run(
        "DELETE FROM sealing_keys WHERE kind = ? AND scope = ? AND scope_id = ?",
        *holder,
    )
