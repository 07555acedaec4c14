"""A token at hand: the workspace as it sees it, and the names that it goes by."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from components.kernel import RefusedError

from .client import own_token_id

if TYPE_CHECKING:
    from components.kernel import Config

    from .client import ModalApi


@dataclass(frozen=True)
class TokenApi:
    """A workspace as the token at hand sees it.

    Attributes:
        name: What the stack calls the token.
        token_id: Its id.
        fingerprint: What tells its secret from others.
        itself: The API by this token.
        config: The stack's settings, for the API by flowground's own token.
    """

    name: str
    token_id: str
    fingerprint: str
    itself: ModalApi
    config: Config

    @property
    def scope(self) -> tuple[object, ...]:
        """Return what tells this place from others."""
        return self.name, self.fingerprint, self.itself.scope


class Names:
    """By which names the stack has each token, as far as this process verified it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, api: TokenApi) -> None:
        """Note that a token goes by a name."""
        with self._lock:
            self._of[api.token_id].add(api.name)

    def end(self, api: TokenApi) -> bool:
        """Note that it does no more; tell whether it has no name left."""
        with self._lock:
            self._of[api.token_id].discard(api.name)
            return not self._of[api.token_id]


NAMES: Final = Names()


def fingerprint_of(secret: str) -> str:
    """Return the beginning of a secret's SHA-256, which tells it from others."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def refuse_our_own(api: TokenApi) -> None:
    """See that it is not the token that flowground works with.

    Raises:
        RefusedError: It is.
    """
    if api.token_id == own_token_id(api.config):
        raise RefusedError(
            "it is the token that flowground itself works with, which is never "
            "revoked; set revoke_on_delete=False and run `pulumi up`, or work with "
            "another token"
        )
