"""What secrets, volumes, dicts, queues and proxies have in common.

They are found or made by name in an environment, listed newest first in pages, kept
alive by heartbeats when they are ephemeral, and deleted by id. Names are unique per
kind and environment.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.errors import already_exists, invalid, not_found
from localcloud.modal.names import check_object_name
from localcloud.modal.store import new_id

if TYPE_CHECKING:
    from localcloud.modal.call import Call
    from localcloud.modal.store import Store

LOOKUP = api_pb2.OBJECT_CREATION_TYPE_UNSPECIFIED
IF_MISSING = api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING
FAIL_IF_EXISTS = api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS
OVERWRITE = api_pb2.OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS
APP_OWNED = api_pb2.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP
EPHEMERAL = api_pb2.OBJECT_CREATION_TYPE_EPHEMERAL

# The client beats every 300 s (`modal._object.EPHEMERAL_OBJECT_HEARTBEAT_SLEEP`); an
# object that missed two beats has no owner any more.
EPHEMERAL_LIFETIME = 660.0
PAGE = 100


class Named(Protocol):
    """The fields that every …GetOrCreateRequest has."""

    @property
    def deployment_name(self) -> str:
        """The object's name."""

    @property
    def environment_name(self) -> str:
        """The environment's name; empty means the default one."""

    @property
    def object_creation_type(self) -> int:
        """Whether to look up, to create, or both."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: its name in messages, and its ids' prefix."""

    name: str
    prefix: str
    creations: frozenset[int] = frozenset((IF_MISSING, FAIL_IF_EXISTS, EPHEMERAL))
    """The ways of creation that this kind knows."""

    @property
    def title(self) -> str:
        """The kind as it begins a sentence."""
        return self.name.capitalize()


def get_or_create(
    call: Call, kind: Kind, request: Named, app_id: str = ""
) -> tuple[sqlite3.Row, bool]:
    """Return the object that the request names or makes, and whether it is new."""
    how, name = request.object_creation_type, request.deployment_name
    if how != LOOKUP and how not in kind.creations:
        msg = f"A {kind.name} cannot be created in way {how}."
        raise invalid(msg)
    need = Need.READ if how == LOOKUP else Need.WRITE
    if how == APP_OWNED:
        # The client does not always name an environment: the app says which.
        app = call.object("app", app_id, need)
        return create(call, kind, app["environment_id"], app_id=app_id), True
    if how == EPHEMERAL:
        environment = call.environment(request.environment_name, need)
        return create(call, kind, environment["id"], ephemeral=True), True
    environment = call.environment(request.environment_name, Need.READ)
    found = by_name(call, kind, environment["id"], name)
    if found and how == FAIL_IF_EXISTS:
        msg = (
            f"{kind.title} '{name}' already exists in environment "
            f"'{environment['name']}'."
        )
        raise already_exists(msg)
    if found and how != OVERWRITE:
        return found, False
    if how == LOOKUP:
        msg = f"{kind.title} '{name}' not found in environment '{environment['name']}'."
        raise not_found(msg)
    environment = call.environment(request.environment_name, need)
    check_object_name(name, kind.title)
    if not found:
        return create(call, kind, environment["id"], name=name), True
    call.store.run("UPDATE objects SET name=NULL WHERE id=?", found["id"])
    row = create(call, kind, environment["id"], name=name)
    call.store.run(
        "UPDATE overwritten SET new_id=? WHERE new_id=?", row["id"], found["id"]
    )
    call.store.run("INSERT INTO overwritten VALUES (?, ?)", found["id"], row["id"])
    call.store.run("DELETE FROM objects WHERE id=?", found["id"])
    return row, True


def by_name(
    call: Call, kind: Kind, environment_id: str, name: str
) -> sqlite3.Row | None:
    """Return the named object of this kind in an environment, or None."""
    return call.store.one(
        "SELECT * FROM objects WHERE kind=? AND environment_id=? AND name=?",
        kind.name,
        environment_id,
        name,
    )


def create(
    call: Call,
    kind: Kind,
    environment_id: str,
    *,
    name: str | None = None,
    app_id: str | None = None,
    ephemeral: bool = False,
) -> sqlite3.Row:
    """Insert an object and return it; an ephemeral one needs heartbeats from now on."""
    row = call.store.one(
        "INSERT INTO objects (id, kind, environment_id, name, app_id, created_at, "
        "created_by, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        new_id(kind.prefix),
        kind.name,
        environment_id,
        name,
        app_id,
        call.store.stamp(),
        call.who.name,
        time.time() if ephemeral else None,
    )
    assert row is not None  # noqa: S101 - RETURNING returns the row inserted
    return row


def page(
    call: Call,
    kind: Kind,
    environment_name: str,
    pagination: api_pb2.ListPagination,
) -> tuple[str, list[sqlite3.Row]]:
    """Return the environment's name and a page of its named objects, newest first."""
    environment = call.environment(environment_name, Need.READ)
    rows = call.store.all(
        "SELECT * FROM objects WHERE kind=? AND environment_id=? AND name IS NOT NULL "
        "AND created_at < ? ORDER BY created_at DESC LIMIT ?",
        kind.name,
        environment["id"],
        pagination.created_before or float("inf"),
        min(pagination.max_objects or PAGE, PAGE),
    )
    return environment["name"], rows


def delete(call: Call, kind: Kind, object_id: str) -> None:
    """Delete the object with all that it holds."""
    call.object(kind.name, object_id, Need.WRITE)
    call.store.run("DELETE FROM objects WHERE id=?", object_id)


def heartbeat(call: Call, kind: Kind, object_id: str) -> None:
    """Keep an ephemeral object for another while."""
    call.object(kind.name, object_id, Need.WRITE)
    call.store.run(
        "UPDATE objects SET heartbeat_at=? WHERE id=? AND heartbeat_at IS NOT NULL",
        time.time(),
        object_id,
    )


def current_id(store: Store, object_id: str) -> str:
    """Return the id of what has overwritten an object, or the object's own.

    A deployed function names its secrets by id; new containers get the new values.
    """
    newer: str | None = store.value(
        "SELECT new_id FROM overwritten WHERE old_id=?", object_id
    )
    return newer or object_id


def creation_info(row: sqlite3.Row) -> api_pb2.CreationInfo:
    """Return when and by whom the object was created, as the proto has it."""
    return api_pb2.CreationInfo(
        created_at=row["created_at"], created_by=row["created_by"]
    )
