"""What the secrets of Actions and of Dependabot have in common: all but the name.

GitHub takes a value sealed to a key of the collection, and never gives it back. What
it tells is when the secret was last written, to the second: if that moved without us,
somebody else wrote.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import AfterValidator, Field

from components.kernel import Location, Secret, Stamp, Wire, WriteOnly, changed

from .base import path_of, small
from .client import GithubApi
from .entry import EntryKind
from .session import Answer
from .visibility import SharedArgs, shared_wire

# GitHub is eventually consistent: a read may for a moment not see a write.
_PAUSES_SECONDS: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)
# A stamp that is older than this when it is read is not that of a write just made.
_FRESH: Final = timedelta(seconds=5)


class SecretArgs(SharedArgs):
    """What a user writes for a secret, wherever it lives.

    Attributes:
        value: Not empty; None only in what was read after somebody else wrote it.
    """

    value: Annotated[
        Annotated[str, Field(min_length=1)] | None,
        AfterValidator(small),
        Secret,
        WriteOnly,
    ] = None

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield where there is no value to keep."""
        yield from super().rules(known)
        if "value" in known and known["value"] is None:
            yield ("value",), "is required; set it"


class SecretState(SecretArgs):
    """A secret as GitHub has it; its id is its path.

    Attributes:
        updated_at: When it was last written; None where GitHub would not tell yet.
    """

    id: str
    updated_at: Annotated[str | None, Stamp] = None


A = TypeVar("A", bound=SecretArgs)
S = TypeVar("S", bound=SecretState)


class SecretKind(EntryKind[A, S]):
    """The life cycle of a secret.

    A secret that is there already says nothing of its value: it is taken for what a
    crashed run left, and written anew.
    """

    state: ClassVar[type[S]]

    def parse(self, api: GithubApi, wire: Wire) -> S:
        """Project one secret on its canonical state."""
        return self.state(**self.fields_of(api, wire), updated_at=wire["updated_at"])

    def find(self, api: GithubApi, args: A, listed: S | None) -> S | None:
        """Ask again: to create is to overwrite what is there by then."""
        if listed is not None:
            return listed
        path = path_of(self.entries(api), args.name)
        seen = api.look(path)
        if seen is None:
            return None
        return self.parse(api, self.whole(api, path, seen.body))

    def create(self, api: GithubApi, args: A) -> S:
        """Make the secret."""
        path = path_of(self.entries(api), args.name)
        self._put(api, path, args)
        return self._written(api, path, args, None)

    def update(self, api: GithubApi, old: S, new: A) -> S:
        """Write it anew, or only who may use it if nothing else changed."""
        before, after = shared_wire(api, old), shared_wire(api, new)
        change = changed(before, after)
        if old.value == new.value and change.keys() == {"selected_repository_ids"}:
            api.put(f"{old.id}/repositories", change)
        else:
            self._put(api, old.id, new)
        return self._written(api, old.id, new, old.updated_at)

    def delete(self, api: GithubApi, state: S) -> None:
        """Delete the secret."""
        api.delete(state.id)

    def _put(self, api: GithubApi, path: str, args: A) -> None:
        key = api.get(f"{self.entries(api)}/public-key")
        sealed = {
            "encrypted_value": seal(key["key"], args.value or ""),
            "key_id": key["key_id"],
        }
        api.put(path, {**sealed, **shared_wire(api, args)})

    def _written(self, api: GithubApi, path: str, args: A, before: str | None) -> S:
        stamp = _stamp(api, path, before)
        return self.state(**{**dict(args), "id": path, "updated_at": stamp})


def seal(public_key: str, value: str) -> str:
    """Seal a value to a collection's public key, both in base64."""
    # Its C library is not loaded by previews.
    from nacl.public import PublicKey, SealedBox  # noqa: PLC0415

    box = SealedBox(PublicKey(base64.b64decode(public_key)))
    return base64.b64encode(box.encrypt(value.encode())).decode()


def _stamp(api: GithubApi, path: str, before: str | None) -> str | None:
    """Return when a secret was written that was written just now.

    An older time, which a read that lags behind gives, would make our own write look
    like somebody else's later; no time at all never does.
    """
    for pause in _PAUSES_SECONDS:
        time.sleep(pause)
        seen = api.look(path)
        if seen is not None and _fresh(seen, before):
            return str(seen.body["updated_at"])
    return None


def _fresh(seen: Answer, before: str | None) -> bool:
    stamp = seen.body["updated_at"]
    if before is not None and stamp != before:
        return True
    at = seen.at or datetime.now(UTC)
    return datetime.fromisoformat(stamp) > at - _FRESH
