"""Dicts: named maps of pickled keys to pickled values, in the order of insertion.

An entry is gone after 7 days without being read or written
(https://modal.com/docs/guide/dicts).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import exhausted, invalid
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind("dict", "di")
ENTRY_LIFETIME = 7 * 24 * 3600.0
MAX_VALUE = 100 * 1024 * 1024
MAX_UPDATE = 10_000


@rpc("DictGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.DictGetOrCreateRequest
) -> api_pb2.DictGetOrCreateResponse:
    """Look a dict up by name, or make it with its first entries."""
    row, created = objects.get_or_create(call, KIND, request)
    if created:
        _write(call, row["id"], request.data)
    return api_pb2.DictGetOrCreateResponse(dict_id=row["id"], metadata=_describe(row))


@rpc("DictGetById")
def get_by_id(
    call: Call, request: api_pb2.DictGetByIdRequest
) -> api_pb2.DictGetByIdResponse:
    """Look a dict up by id."""
    row = call.object(KIND.name, request.dict_id, Need.READ)
    return api_pb2.DictGetByIdResponse(dict_id=row["id"], metadata=_describe(row))


@rpc("DictList")
def dict_list(call: Call, request: api_pb2.DictListRequest) -> api_pb2.DictListResponse:
    """List a page of an environment's dicts, newest first."""
    environment, rows = objects.page(
        call, KIND, request.environment_name, request.pagination
    )
    return api_pb2.DictListResponse(
        environment_name=environment,
        dicts=[
            api_pb2.DictListResponse.DictInfo(
                name=row["name"],
                created_at=row["created_at"],
                dict_id=row["id"],
                metadata=_describe(row),
            )
            for row in rows
        ],
    )


@rpc("DictDelete")
def dict_delete(call: Call, request: api_pb2.DictDeleteRequest) -> Empty:
    """Delete a dict with its entries."""
    objects.delete(call, KIND, request.dict_id)
    return Empty()


@rpc("DictHeartbeat")
def dict_heartbeat(call: Call, request: api_pb2.DictHeartbeatRequest) -> Empty:
    """Keep an ephemeral dict."""
    objects.heartbeat(call, KIND, request.dict_id)
    return Empty()


@rpc("DictUpdate")
def dict_update(
    call: Call, request: api_pb2.DictUpdateRequest
) -> api_pb2.DictUpdateResponse:
    """Write entries; with `if_not_exists`, one, and only where there is none."""
    dict_id = call.object(KIND.name, request.dict_id, Need.WRITE)["id"]
    if request.if_not_exists:
        if len(request.updates) != 1:
            msg = "Only one entry at a time can be written if it does not exist."
            raise invalid(msg)
        if _find(call, dict_id, request.updates[0].key) is not None:
            return api_pb2.DictUpdateResponse(created=False)
    _write(call, dict_id, request.updates)
    return api_pb2.DictUpdateResponse(created=True)


@rpc("DictGet")
def dict_get(call: Call, request: api_pb2.DictGetRequest) -> api_pb2.DictGetResponse:
    """Read an entry; reading keeps it for another seven days."""
    dict_id = call.object(KIND.name, request.dict_id, Need.READ)["id"]
    value = _find(call, dict_id, request.key)
    if value is not None:
        call.store.run(
            "UPDATE dict_entries SET used_at=? WHERE dict_id=? AND key=?",
            time.time(),
            dict_id,
            request.key,
        )
    return api_pb2.DictGetResponse(found=value is not None, value=value)


@rpc("DictContains")
def dict_contains(
    call: Call, request: api_pb2.DictContainsRequest
) -> api_pb2.DictContainsResponse:
    """Tell whether there is an entry."""
    dict_id = call.object(KIND.name, request.dict_id, Need.READ)["id"]
    found = _find(call, dict_id, request.key) is not None
    return api_pb2.DictContainsResponse(found=found)


@rpc("DictPop")
def dict_pop(call: Call, request: api_pb2.DictPopRequest) -> api_pb2.DictPopResponse:
    """Take an entry out."""
    dict_id = call.object(KIND.name, request.dict_id, Need.WRITE)["id"]
    value = _find(call, dict_id, request.key)
    call.store.run(
        "DELETE FROM dict_entries WHERE dict_id=? AND key=?", dict_id, request.key
    )
    return api_pb2.DictPopResponse(found=value is not None, value=value)


@rpc("DictLen")
def dict_len(call: Call, request: api_pb2.DictLenRequest) -> api_pb2.DictLenResponse:
    """Count the entries."""
    dict_id = call.object(KIND.name, request.dict_id, Need.READ)["id"]
    count = call.store.value(
        "SELECT count(*) FROM dict_entries WHERE dict_id=? AND used_at > ?",
        dict_id,
        _horizon(),
    )
    return api_pb2.DictLenResponse(len=count)


@rpc("DictClear")
def dict_clear(call: Call, request: api_pb2.DictClearRequest) -> Empty:
    """Remove all entries."""
    dict_id = call.object(KIND.name, request.dict_id, Need.WRITE)["id"]
    call.store.run("DELETE FROM dict_entries WHERE dict_id=?", dict_id)
    return Empty()


@rpc("DictContents")
def dict_contents(
    call: Call, request: api_pb2.DictContentsRequest
) -> Iterator[api_pb2.DictEntry]:
    """Stream keys, values or both."""
    dict_id = call.object(KIND.name, request.dict_id, Need.READ)["id"]
    rows = call.store.all(
        "SELECT key, value FROM dict_entries WHERE dict_id=? AND used_at > ? "
        "ORDER BY number",
        dict_id,
        _horizon(),
    )
    for row in rows:
        yield api_pb2.DictEntry(
            key=row["key"] if request.keys else b"",
            value=row["value"] if request.values else b"",
        )


def _find(call: Call, dict_id: str, key: bytes) -> bytes | None:
    value: bytes | None = call.store.value(
        "SELECT value FROM dict_entries WHERE dict_id=? AND key=? AND used_at > ?",
        dict_id,
        key,
        _horizon(),
    )
    return value


def _write(call: Call, dict_id: str, entries: Iterable[api_pb2.DictEntry]) -> None:
    now = time.time()
    for number, entry in enumerate(entries, start=1):
        if len(entry.value) > MAX_VALUE or number > MAX_UPDATE:
            msg = (
                f"An update of a dict has at most {MAX_UPDATE} entries of at most "
                f"{MAX_VALUE} bytes each."
            )
            raise exhausted(msg)
        call.store.run(
            "INSERT INTO dict_entries (dict_id, key, value, used_at) "
            "VALUES (?, ?, ?, ?) ON CONFLICT (dict_id, key) DO UPDATE SET "
            "value=excluded.value, used_at=excluded.used_at",
            dict_id,
            entry.key,
            entry.value,
            now,
        )


def _horizon() -> float:
    return time.time() - ENTRY_LIFETIME


def _describe(row: sqlite3.Row) -> api_pb2.DictMetadata:
    return api_pb2.DictMetadata(
        name=row["name"] or "", creation_info=objects.creation_info(row)
    )
