"""The life of an input: waiting, claimed by a container, done; or waiting once more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from localcloud.modal import function_metadata

if TYPE_CHECKING:
    import sqlite3

    from localcloud.modal.plane import Plane

Status = api_pb2.GenericResult
RETRIED = (
    Status.GENERIC_STATUS_FAILURE,
    Status.GENERIC_STATUS_TIMEOUT,
    Status.GENERIC_STATUS_INTERNAL_FAILURE,
)


def claim(
    plane: Plane, function_id: str, task_id: str, count: int
) -> list[sqlite3.Row]:
    """Give a container its next inputs, first come first served."""
    rows = plane.store.all(
        "SELECT inputs.*, calls.invocation FROM inputs JOIN calls "
        "ON calls.id = call_id WHERE function_id=? AND state='waiting' "
        "AND not_before <= ? "
        "ORDER BY calls.created_at, position LIMIT ?",
        function_id,
        time.time(),
        count,
    )
    for row in rows:
        plane.store.run(
            "UPDATE inputs SET state='claimed', task_id=?, claimed_at=? WHERE id=?",
            task_id,
            time.time(),
            row["id"],
        )
    return rows


def finish(plane: Plane, input_id: str, item: api_pb2.FunctionPutOutputsItem) -> None:
    """Record an output, or let the function's retry policy try once more.

    What comes after the input is done, such as the output of a container that was
    taken for lost, changes nothing.
    """
    row = plane.store.one(
        "SELECT inputs.*, function_id, cancelled FROM inputs JOIN calls "
        "ON calls.id = call_id WHERE inputs.id=? AND state <> 'done'",
        input_id,
    )
    if row is None:
        return
    if item.result.status in RETRIED and not row["cancelled"] and _retry(plane, row):
        return
    output = api_pb2.FunctionGetOutputsItem(
        result=item.result,
        idx=row["position"],
        input_id=input_id,
        data_format=item.data_format,
        task_id=row["task_id"] or "",
        input_started_at=item.input_started_at,
        output_created_at=item.output_created_at or time.time(),
        retry_count=row["attempt"],
    )
    plane.store.run(
        "UPDATE inputs SET state='done', output=?, entry=(SELECT coalesce(max(entry), "
        "0) + 1 FROM inputs WHERE call_id=?) WHERE id=?",
        output.SerializeToString(),
        row["call_id"],
        input_id,
    )
    plane.signals.fire(f"call {row['call_id']}")


def _retry(plane: Plane, row: sqlite3.Row) -> bool:
    policy = function_metadata.definition(plane.store, row["function_id"]).retry_policy
    if row["attempt"] >= policy.retries:
        return False
    delay = policy.initial_delay_ms * policy.backoff_coefficient ** row["attempt"]
    delay_ms = min(delay, policy.max_delay_ms) if policy.max_delay_ms else delay
    plane.store.run(
        "UPDATE inputs SET state='waiting', attempt=attempt + 1, not_before=?, "
        "task_id=NULL WHERE id=?",
        time.time() + delay_ms / 1000,
        row["id"],
    )
    plane.signals.fire("inputs")
    return True


def fail_claimed(plane: Plane, task_id: str, result: api_pb2.GenericResult) -> None:
    """End what a container was working on, with this result."""
    rows = plane.store.all(
        "SELECT id FROM inputs WHERE task_id=? AND state='claimed'", task_id
    )
    for row in rows:
        finish(plane, row["id"], api_pb2.FunctionPutOutputsItem(result=result))


def fail_waiting(plane: Plane, function_id: str, result: api_pb2.GenericResult) -> None:
    """End everything that waits for a function which cannot start."""
    rows = plane.store.all(
        "SELECT inputs.id FROM inputs JOIN calls ON calls.id = call_id "
        "WHERE function_id=? AND state='waiting'",
        function_id,
    )
    for row in rows:
        finish(plane, row["id"], api_pb2.FunctionPutOutputsItem(result=result))


def release_all(plane: Plane) -> None:
    """Let everything that was running when the control plane ended wait again."""
    plane.store.run(
        "UPDATE inputs SET state='waiting', task_id=NULL WHERE state='claimed'"
    )
    plane.store.run("UPDATE tasks SET state='finished' WHERE state <> 'finished'")
