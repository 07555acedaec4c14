"""One request: who sent it, and how a handler reaches what the caller may touch."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import Message

from localcloud.modal import access
from localcloud.modal.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localcloud.modal.access import Need
    from localcloud.modal.plane import Plane
    from localcloud.modal.principal import Principal
    from localcloud.modal.store import Store

M = TypeVar("M", bound=Message)


@dataclass(slots=True)
class Call:
    """What a handler is given besides the request message."""

    plane: Plane
    method: str
    who: Principal
    metadata: Mapping[str, str]
    warnings: list[str] = field(default_factory=list)
    """Sentences that go to the client in `x-modal-warning`, and no further."""

    @property
    def store(self) -> Store:
        """The state."""
        return self.plane.store

    def once(self, reply_type: type[M], attempt: Callable[[], M]) -> M:
        """Run the attempt in a transaction; answer a retry from the first reply.

        The client sends the same `x-idempotency-key` again when a reply was lost or
        INTERNAL (`modal._utils.grpc_utils.retry_transient_errors`). Only a reply to a
        request that changed something is kept.
        """
        key = self.metadata.get("x-idempotency-key", "")
        where = (self.who.task_id or self.who.token_id, self.method, key)
        with self.store.transaction():
            kept: bytes | None = self.store.value(
                "SELECT reply FROM replies WHERE caller=? AND method=? AND key=?",
                *where,
            )
            if key and kept:
                return reply_type.FromString(self.plane.seal.open(kept))
            before = self.store.db.total_changes
            reply = attempt()
            if key and self.store.db.total_changes != before:
                sealed = self.plane.seal.close(reply.SerializeToString())
                self.store.run(
                    "INSERT INTO replies VALUES (?, ?, ?, ?, ?)",
                    *where,
                    sealed,
                    time.time(),
                )
            return reply

    def environment(self, name: str, need: Need) -> sqlite3.Row:
        """Return the environment of this name, if the caller may do that in it."""
        row = access.find_environment(self.store, self.who, name)
        access.check(self.store, self.who, row, need)
        return row

    def object(self, kind: str, object_id: str, need: Need) -> sqlite3.Row:
        """Return the object of this kind and id, if the caller may do that to it.

        Another workspace's object does not exist for the caller.
        """
        row = self.store.one(
            "SELECT * FROM objects WHERE id=? AND kind=?", object_id, kind
        )
        environment = row and self.store.one(
            "SELECT * FROM environments WHERE id=? AND workspace_id=?",
            row["environment_id"],
            self.who.workspace_id,
        )
        if row is None or environment is None:
            msg = f"{kind.capitalize()} '{object_id}' not found."
            raise not_found(msg)
        access.check(self.store, self.who, environment, need)
        return row
