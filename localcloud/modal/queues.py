"""Queues: first in, first out, in partitions that expire when nothing is put.

Limits and expiry: https://modal.com/docs/guide/queues; a full partition answers
RESOURCE_EXHAUSTED, which the client waits on or raises as `queue.Full`.
"""

from __future__ import annotations

import sqlite3
import time

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import exhausted, invalid
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind("queue", "qu")
MAX_PARTITIONS = 100_000
MAX_ITEMS = 5_000
MAX_ITEM = 1024 * 1024
MAX_KEY = 64
PARTITION_LIFETIME = 24 * 3600
# The client asks for at most 50 s at a time.
LONGEST_WAIT = 60.0


@rpc("QueueGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.QueueGetOrCreateRequest
) -> api_pb2.QueueGetOrCreateResponse:
    """Look a queue up by name, or make it."""
    row, _ = objects.get_or_create(call, KIND, request)
    return api_pb2.QueueGetOrCreateResponse(queue_id=row["id"], metadata=_describe(row))


@rpc("QueueGetById")
def get_by_id(
    call: Call, request: api_pb2.QueueGetByIdRequest
) -> api_pb2.QueueGetByIdResponse:
    """Look a queue up by id."""
    row = call.object(KIND.name, request.queue_id, Need.READ)
    return api_pb2.QueueGetByIdResponse(queue_id=row["id"], metadata=_describe(row))


@rpc("QueueList")
def queue_list(
    call: Call, request: api_pb2.QueueListRequest
) -> api_pb2.QueueListResponse:
    """List a page of an environment's queues, newest first, with their sizes."""
    environment, rows = objects.page(
        call, KIND, request.environment_name, request.pagination
    )
    cap = (request.total_size_limit or MAX_ITEMS * MAX_PARTITIONS) + 1
    return api_pb2.QueueListResponse(
        environment_name=environment,
        queues=[
            api_pb2.QueueListResponse.QueueInfo(
                name=row["name"],
                created_at=row["created_at"],
                num_partitions=_partitions(call, row["id"]),
                total_size=min(_length(call, row["id"]), cap),
                queue_id=row["id"],
                metadata=_describe(row),
            )
            for row in rows
        ],
    )


@rpc("QueueDelete")
def queue_delete(call: Call, request: api_pb2.QueueDeleteRequest) -> Empty:
    """Delete a queue with its items."""
    objects.delete(call, KIND, request.queue_id)
    return Empty()


@rpc("QueueHeartbeat")
def queue_heartbeat(call: Call, request: api_pb2.QueueHeartbeatRequest) -> Empty:
    """Keep an ephemeral queue."""
    objects.heartbeat(call, KIND, request.queue_id)
    return Empty()


@rpc("QueuePut")
def queue_put(call: Call, request: api_pb2.QueuePutRequest) -> Empty:
    """Append items to a partition, all or none."""
    queue_id, key = _partition(call, request.queue_id, request.partition_key)
    if any(len(value) > MAX_ITEM for value in request.values):
        msg = f"An item of a queue has at most {MAX_ITEM} bytes."
        raise invalid(msg)
    held = _length(call, queue_id, key)
    if held + len(request.values) > MAX_ITEMS:
        msg = f"The partition holds {held} items, of at most {MAX_ITEMS}."
        raise exhausted(msg)
    if not held and _partitions(call, queue_id) >= MAX_PARTITIONS:
        msg = f"The queue has {MAX_PARTITIONS} partitions, which is all it can have."
        raise exhausted(msg)
    call.store.run(
        "INSERT OR REPLACE INTO queue_partitions VALUES (?, ?, ?)",
        queue_id,
        key,
        time.time() + (request.partition_ttl_seconds or PARTITION_LIFETIME),
    )
    for value in request.values:
        call.store.run(
            "INSERT INTO queue_items (queue_id, partition, value) VALUES (?, ?, ?)",
            queue_id,
            key,
            value,
        )
    call.plane.signals.fire(f"queue {queue_id}")
    return Empty()


@rpc("QueueGet")
async def queue_get(
    call: Call, request: api_pb2.QueueGetRequest
) -> api_pb2.QueueGetResponse:
    """Take up to so many items from the front, waiting for the first one."""

    def take() -> api_pb2.QueueGetResponse:
        queue_id, key = _partition(call, request.queue_id, request.partition_key)
        rows = call.store.all(
            "DELETE FROM queue_items WHERE number IN (SELECT number FROM queue_items "
            "WHERE queue_id=? AND partition=? ORDER BY number LIMIT ?) "
            "RETURNING number, value",
            queue_id,
            key,
            request.n_values or 1,
        )
        rows.sort(key=lambda row: int(row["number"]))
        return api_pb2.QueueGetResponse(values=[row["value"] for row in rows])

    def attempt() -> api_pb2.QueueGetResponse | None:
        reply = call.once(api_pb2.QueueGetResponse, take)
        return reply if reply.values else None

    timeout = min(request.timeout, LONGEST_WAIT)
    key = f"queue {request.queue_id}"
    reply = await call.plane.signals.until(key, attempt, timeout)
    return reply or api_pb2.QueueGetResponse()


@rpc("QueueNextItems")
async def queue_next_items(
    call: Call, request: api_pb2.QueueNextItemsRequest
) -> api_pb2.QueueNextItemsResponse:
    """Look at the items after one, without taking them."""
    after = int(request.last_entry_id or 0)

    def look() -> api_pb2.QueueNextItemsResponse | None:
        with call.store.transaction():
            where = _partition(call, request.queue_id, request.partition_key)
            rows = call.store.all(
                "SELECT number, value FROM queue_items WHERE queue_id=? "
                "AND partition=? AND number > ? ORDER BY number LIMIT 100",
                *where,
                after,
            )
        items = [
            api_pb2.QueueItem(value=row["value"], entry_id=str(row["number"]))
            for row in rows
        ]
        return api_pb2.QueueNextItemsResponse(items=items) if items else None

    timeout = min(request.item_poll_timeout, LONGEST_WAIT)
    reply = await call.plane.signals.until(f"queue {request.queue_id}", look, timeout)
    return reply or api_pb2.QueueNextItemsResponse()


@rpc("QueueLen")
def queue_len(call: Call, request: api_pb2.QueueLenRequest) -> api_pb2.QueueLenResponse:
    """Count the items of a partition, or of all."""
    queue_id, key = _partition(call, request.queue_id, request.partition_key)
    length = _length(call, queue_id, None if request.total else key)
    return api_pb2.QueueLenResponse(len=length)


@rpc("QueueClear")
def queue_clear(call: Call, request: api_pb2.QueueClearRequest) -> Empty:
    """Remove the items of a partition, or of all."""
    if request.all_partitions and request.partition_key:
        msg = "Name a partition to clear, or all of them, not both."
        raise invalid(msg)
    queue_id, key = _partition(call, request.queue_id, request.partition_key)
    call.store.run(
        "DELETE FROM queue_items WHERE queue_id=? AND (? OR partition=?)",
        queue_id,
        request.all_partitions,
        key,
    )
    return Empty()


def _partition(call: Call, queue_id: str, key: bytes) -> tuple[str, bytes]:
    """Return the queue and partition, with what has expired in the queue gone."""
    if len(key) > MAX_KEY:
        msg = f"Queue partition key must be between 1 and {MAX_KEY} characters."
        raise invalid(msg)
    call.object(KIND.name, queue_id, Need.WRITE)
    expired = call.store.all(
        "DELETE FROM queue_partitions WHERE queue_id=? AND expires_at < ? "
        "RETURNING partition",
        queue_id,
        time.time(),
    )
    for row in expired:
        call.store.run(
            "DELETE FROM queue_items WHERE queue_id=? AND partition=?", queue_id, row[0]
        )
    return queue_id, key


def _length(call: Call, queue_id: str, key: bytes | None = None) -> int:
    length: int = call.store.value(
        "SELECT count(*) FROM queue_items WHERE queue_id=?1 "
        "AND (?2 IS NULL OR partition=?2)",
        queue_id,
        key,
    )
    return length


def _partitions(call: Call, queue_id: str) -> int:
    count: int = call.store.value(
        "SELECT count(DISTINCT partition) FROM queue_items WHERE queue_id=?", queue_id
    )
    return count


def _describe(row: sqlite3.Row) -> api_pb2.QueueMetadata:
    return api_pb2.QueueMetadata(
        name=row["name"] or "", creation_info=objects.creation_info(row)
    )
