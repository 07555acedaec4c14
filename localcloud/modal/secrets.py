"""Secrets: named sets of environment variables, whose values no RPC returns.

An existing set is kept (`CREATE_IF_MISSING`), refused (`CREATE_FAIL_IF_EXISTS`) or
replaced as a whole by a new object (`CREATE_OVERWRITE_IF_EXISTS`, a new id as in
Modal's own mock server); `SecretUpdate` merges, and drops a key that has no value.
Limits: https://modal.com/docs/guide/secrets.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import invalid, not_found
from localcloud.modal.names import SECRET_KEY
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind(
    "secret",
    "st",
    frozenset(
        (
            objects.IF_MISSING,
            objects.FAIL_IF_EXISTS,
            objects.OVERWRITE,
            objects.APP_OWNED,
            objects.EPHEMERAL,
        )
    ),
)
MAX_KEY = 16384
MAX_VALUE = 32768


@rpc("SecretGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.SecretGetOrCreateRequest
) -> api_pb2.SecretGetOrCreateResponse:
    """Look a secret up, with the keys it must have, or make it."""
    row, created = objects.get_or_create(call, KIND, request, request.app_id)
    if created:
        _write(call, row["id"], request.env_dict)
    metadata = describe(call, row)
    missing = [key for key in request.required_keys if key not in metadata.keys]
    if missing:
        msg = (
            f"Secret '{row['name']}' is missing key(s): {', '.join(missing)}. "
            "Add them, or require fewer."
        )
        raise not_found(msg)
    return api_pb2.SecretGetOrCreateResponse(secret_id=row["id"], metadata=metadata)


@rpc("SecretUpdate")
def update(call: Call, request: api_pb2.SecretUpdateRequest) -> Empty:
    """Set the keys that come with a value, and drop those that come without."""
    row = call.object(KIND.name, request.secret_id, Need.WRITE)
    _write(
        call,
        row["id"],
        {item.key: item.value for item in request.updates if item.HasField("value")},
    )
    for item in request.updates:
        if not item.HasField("value"):
            call.store.run(
                "DELETE FROM secret_values WHERE secret_id=? AND key=?",
                row["id"],
                item.key,
            )
    return Empty()


@rpc("SecretGetInfo")
def get_info(
    call: Call, request: api_pb2.SecretGetInfoRequest
) -> api_pb2.SecretGetInfoResponse:
    """Describe a secret: its keys, never its values."""
    row = call.object(KIND.name, request.secret_id, Need.READ)
    return api_pb2.SecretGetInfoResponse(metadata=describe(call, row))


@rpc("SecretList")
def secret_list(
    call: Call, request: api_pb2.SecretListRequest
) -> api_pb2.SecretListResponse:
    """List a page of an environment's secrets, newest first."""
    environment, rows = objects.page(
        call, KIND, request.environment_name, request.pagination
    )
    return api_pb2.SecretListResponse(
        environment_name=environment,
        items=[
            api_pb2.SecretListItem(
                label=row["name"],
                created_at=row["created_at"],
                last_used_at=row["used_at"] or 0.0,
                environment_name=environment,
                secret_id=row["id"],
                metadata=describe(call, row),
            )
            for row in rows
        ],
    )


@rpc("SecretDelete")
def secret_delete(call: Call, request: api_pb2.SecretDeleteRequest) -> Empty:
    """Delete a secret; functions that use it no longer start."""
    objects.delete(call, KIND, request.secret_id)
    return Empty()


def describe(call: Call, row: sqlite3.Row) -> api_pb2.SecretMetadata:
    """Return what may be known of a secret."""
    keys = call.store.all(
        "SELECT key FROM secret_values WHERE secret_id=? ORDER BY key", row["id"]
    )
    return api_pb2.SecretMetadata(
        name=row["name"] or "",
        creation_info=objects.creation_info(row),
        keys=[key["key"] for key in keys],
        environment_name=call.store.value(
            "SELECT name FROM environments WHERE id=?", row["environment_id"]
        ),
        last_used_at=row["used_at"] or 0.0,
    )


def _write(call: Call, secret_id: str, values: Mapping[str, str]) -> None:
    for key, value in values.items():
        if not SECRET_KEY.fullmatch(key) or len(key) > MAX_KEY:
            msg = (
                f"Secret key '{key[:64]}' is not valid: keys begin with a letter or "
                "underscore, contain only letters, digits and underscores, and have "
                f"at most {MAX_KEY} characters."
            )
            raise invalid(msg)
        if len(value) > MAX_VALUE:
            msg = (
                f"The value of secret key '{key}' has {len(value)} characters: at "
                f"most {MAX_VALUE} are allowed."
            )
            raise invalid(msg)
        call.store.run(
            "INSERT OR REPLACE INTO secret_values VALUES (?, ?, ?)",
            secret_id,
            key,
            call.plane.seal.close(value.encode()),
        )
