"""What functions print, by app: streamed as it comes, or fetched by time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.registry import rpc

if TYPE_CHECKING:
    from localcloud.modal.plane import Plane

BATCH = 500
STOPPED = api_pb2.APP_STATE_STOPPED
LONGEST_WAIT = 60.0
FILTERS = (
    "app_id=? AND (?2 = '' OR function_id=?2) AND (?3 = '' OR task_id=?3) "
    "AND (?4 = 0 OR descriptor=?4) AND (?5 = '' OR instr(data, ?5))"
).replace("app_id=?", "app_id=?1", 1)


def record(
    plane: Plane,
    *,
    app_id: str,
    function_id: str,
    task_id: str,
    descriptor: int,
    text: str,
) -> None:
    """Keep what a container printed."""
    plane.store.run(
        "INSERT INTO logs (app_id, function_id, task_id, descriptor, at, data) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        app_id,
        function_id,
        task_id,
        descriptor,
        time.time(),
        text,
    )
    plane.signals.fire(f"logs {app_id}")


@rpc("AppGetLogs")
async def get_logs(
    call: Call, request: api_pb2.AppGetLogsRequest
) -> AsyncIterator[api_pb2.TaskLogsBatch]:
    """Stream logs from an entry on, until the app ends or nothing comes for long."""
    call.object("app", request.app_id, Need.READ)
    last = int(request.last_entry_id or 0)

    def look() -> list[sqlite3.Row] | None:
        rows = _rows(call, request, "number > ?6 ORDER BY number LIMIT ?7", last, BATCH)
        return rows or ([] if _over(call, request.app_id) else None)

    patience = min(request.timeout or LONGEST_WAIT, LONGEST_WAIT)
    while True:
        key = f"logs {request.app_id}"
        rows = await call.plane.signals.until(key, look, patience)
        if rows is None:
            return
        for row in rows:
            last = row["number"]
            yield _batch(row)
        if not rows:
            yield api_pb2.TaskLogsBatch(app_done=True, eof=True)
            return


@rpc("AppFetchLogs")
def fetch_logs(
    call: Call, request: api_pb2.AppFetchLogsRequest
) -> api_pb2.AppFetchLogsResponse:
    """Return the latest logs between two times, oldest first."""
    call.object("app", request.app_id, Need.READ)
    rows = _rows(
        call,
        request,
        "at BETWEEN ?6 AND ?7 ORDER BY number DESC LIMIT ?8",
        request.since.ToNanoseconds() / 1e9,
        request.until.ToNanoseconds() / 1e9 or float("inf"),
        request.limit or BATCH,
    )
    return api_pb2.AppFetchLogsResponse(batches=[_batch(row) for row in rows[::-1]])


@rpc("AppCountLogs")
def count_logs(
    call: Call, request: api_pb2.AppCountLogsRequest
) -> api_pb2.AppCountLogsResponse:
    """Count logs by time, for a client that then fetches them in portions."""
    call.object("app", request.app_id, Need.READ)
    since = request.since.ToNanoseconds() / 1e9
    until = request.until.ToNanoseconds() / 1e9 or float("inf")
    width = request.bucket_secs or 60
    reply = api_pb2.AppCountLogsResponse(app_id=request.app_id)
    counts: dict[int, api_pb2.AppCountLogsResponse.LogBucket] = {}
    rows = _rows(call, request, "at BETWEEN ?6 AND ?7 ORDER BY number", since, until)
    for row in rows:
        start = int(since + (row["at"] - since) // width * width)
        if start not in counts:
            counts[start] = reply.buckets.add()
            counts[start].bucket_start_at.seconds = start
        if row["descriptor"] == api_pb2.FILE_DESCRIPTOR_STDERR:
            counts[start].stderr_logs += 1
        else:
            counts[start].stdout_logs += 1
    return reply


LogRequest = (
    api_pb2.AppGetLogsRequest
    | api_pb2.AppFetchLogsRequest
    | api_pb2.AppCountLogsRequest
)


def _rows(
    call: Call, request: LogRequest, more: str, *values: float
) -> list[sqlite3.Row]:
    source = (
        request.file_descriptor
        if isinstance(request, api_pb2.AppGetLogsRequest)
        else request.source
    )
    return call.store.all(
        f"SELECT * FROM logs WHERE {FILTERS} AND {more}",  # noqa: S608 - both are literals of this module
        request.app_id,
        request.function_id,
        request.task_id,
        source,
        request.search_text,
        *values,
    )


def _over(call: Call, app_id: str) -> bool:
    state = call.store.value("SELECT state FROM apps WHERE id=?", app_id)
    running = any(
        call.store.value("SELECT app_id FROM objects WHERE id=?", one.function_id)
        == app_id
        for one in call.plane.containers.values()
    )
    return state in (None, STOPPED) and not running


def _batch(row: sqlite3.Row) -> api_pb2.TaskLogsBatch:
    return api_pb2.TaskLogsBatch(
        task_id=row["task_id"],
        function_id=row["function_id"],
        entry_id=str(row["number"]),
        items=[
            api_pb2.TaskLogs(
                data=row["data"],
                timestamp=row["at"],
                timestamp_ns=int(row["at"] * 1e9),
                file_descriptor=row["descriptor"],
            )
        ],
    )
