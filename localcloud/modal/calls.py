"""Function calls as their callers see them: inputs in, outputs out.

A call has one input (`remote`, `spawn`) or many (`map`); outputs are numbered as they
come, so that a caller can ask for what it has not seen. What runs the inputs is
`container_inputs.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import apps, function_metadata
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict, not_found
from localcloud.modal.inputs import finish
from localcloud.modal.registry import rpc
from localcloud.modal.store import new_id

# The client asks for at most 55 s at a time.
LONGEST_WAIT = 60.0
# A stream that has nothing to say is ended after this time; the client reopens it.
STREAM_PATIENCE = 50.0
MAX_OUTSTANDING = 1000
TERMINATED = api_pb2.GenericResult.GENERIC_STATUS_TERMINATED


@rpc("FunctionMap")
def function_map(
    call: Call, request: api_pb2.FunctionMapRequest
) -> api_pb2.FunctionMapResponse:
    """Begin a call, with the inputs that come along."""
    row = call.object("function", request.function_id, Need.WRITE)
    if apps.find(call, row["app_id"], Need.WRITE)["state"] == apps.STOPPED:
        msg = "The function's app is stopped: deploy it again."
        raise conflict(msg)
    call_id = new_id("fc")
    call.store.run(
        "INSERT INTO calls (id, function_id, workspace_id, invocation, type, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?)",
        call_id,
        row["id"],
        call.who.workspace_id,
        request.function_call_invocation_type,
        request.function_call_type,
        call.store.stamp(),
    )
    definition = function_metadata.definition(call.store, row["id"])
    return api_pb2.FunctionMapResponse(
        function_call_id=call_id,
        pipelined_inputs=_add(call, call_id, request.pipelined_inputs),
        retry_policy=definition.retry_policy,
        function_call_jwt=call_id,
        sync_client_retries_enabled=False,
        max_inputs_outstanding=MAX_OUTSTANDING,
    )


@rpc("FunctionPutInputs")
def put_inputs(
    call: Call, request: api_pb2.FunctionPutInputsRequest
) -> api_pb2.FunctionPutInputsResponse:
    """Add inputs to a call."""
    _own(call, request.function_call_id, Need.WRITE)
    return api_pb2.FunctionPutInputsResponse(
        inputs=_add(call, request.function_call_id, request.inputs)
    )


@rpc("FunctionFinishInputs")
def finish_inputs(call: Call, request: api_pb2.FunctionFinishInputsRequest) -> Empty:
    """Take note that no more inputs come; nothing here waits for it."""
    _own(call, request.function_call_id, Need.WRITE)
    return Empty()


@rpc("FunctionGetOutputs")
async def get_outputs(
    call: Call, request: api_pb2.FunctionGetOutputsRequest
) -> api_pb2.FunctionGetOutputsResponse:
    """Return outputs not seen yet, or those of some inputs, waiting for the first."""
    call_id = request.function_call_id
    _own(call, call_id, Need.READ)
    seen = int(request.last_entry_id.partition("-")[0] or 0)

    def look() -> api_pb2.FunctionGetOutputsResponse | None:
        if request.HasField("start_idx"):
            rows = call.store.all(
                "SELECT * FROM inputs WHERE call_id=? AND entry IS NOT NULL "
                "AND position BETWEEN ? AND ? ORDER BY position",
                call_id,
                request.start_idx,
                request.end_idx,
            )
        else:
            rows = call.store.all(
                "SELECT * FROM inputs WHERE call_id=? AND entry > ? ORDER BY entry "
                "LIMIT ?",
                call_id,
                seen,
                request.max_values or MAX_OUTSTANDING,
            )
        if not rows:
            return None
        last = max(row["entry"] for row in rows)
        return api_pb2.FunctionGetOutputsResponse(
            outputs=[
                api_pb2.FunctionGetOutputsItem.FromString(row["output"]) for row in rows
            ],
            idxs=[row["position"] for row in rows],
            last_entry_id=f"{last}-0",
            num_unfinished_inputs=_unfinished(call, call_id),
        )

    timeout = min(request.timeout, LONGEST_WAIT)
    reply = await call.plane.signals.until(f"call {call_id}", look, timeout)
    return reply or api_pb2.FunctionGetOutputsResponse(
        last_entry_id=f"{seen}-0", num_unfinished_inputs=_unfinished(call, call_id)
    )


@rpc("FunctionCallFromId")
def call_from_id(
    call: Call, request: api_pb2.FunctionCallFromIdRequest
) -> api_pb2.FunctionCallFromIdResponse:
    """Look a call up by id."""
    function_id = _own(call, request.function_call_id, Need.READ)
    return api_pb2.FunctionCallFromIdResponse(
        function_call_id=request.function_call_id,
        num_inputs=call.store.value(
            "SELECT count(*) FROM inputs WHERE call_id=?", request.function_call_id
        ),
        metadata=api_pb2.FunctionCallHandleMetadata(
            function_id=function_id,
            app_id=call.store.value(
                "SELECT app_id FROM objects WHERE id=?", function_id
            ),
        ),
    )


@rpc("FunctionCallCancel")
def call_cancel(call: Call, request: api_pb2.FunctionCallCancelRequest) -> Empty:
    """End a call: what waits ends at once, what runs when its container is told."""
    call_id = request.function_call_id
    _own(call, call_id, Need.WRITE)
    cancelled = 2 if request.terminate_containers else 1
    call.store.run("UPDATE calls SET cancelled=? WHERE id=?", cancelled, call_id)
    waiting = call.store.all(
        "SELECT id FROM inputs WHERE call_id=? AND state='waiting'", call_id
    )
    for row in waiting:
        result = api_pb2.GenericResult(
            status=TERMINATED, exception="The function call was cancelled."
        )
        finish(call.plane, row["id"], api_pb2.FunctionPutOutputsItem(result=result))
    call.plane.signals.fire("containers")
    return Empty()


@rpc("FunctionCallGetDataOut")
async def get_data_out(
    call: Call, request: api_pb2.FunctionCallGetDataRequest
) -> AsyncIterator[api_pb2.DataChunk]:
    """Stream what a generator yields, from where the caller left off."""
    call_id = request.function_call_id
    _own(call, call_id, Need.READ)
    last = request.last_index

    def look() -> list[api_pb2.DataChunk] | None:
        rows = call.store.all(
            "SELECT chunk FROM data_out WHERE call_id=? AND number > ? ORDER BY number",
            call_id,
            last,
        )
        return [api_pb2.DataChunk.FromString(row["chunk"]) for row in rows] or None

    while True:
        key = f"data {call_id}"
        chunks = await call.plane.signals.until(key, look, STREAM_PATIENCE)
        if chunks is None:
            return
        for chunk in chunks:
            last = chunk.index
            yield chunk
        await asyncio.sleep(0)


def _own(call: Call, call_id: str, need: Need) -> str:
    """Return the function of a call that the caller may see or change."""
    function_id: str | None = call.store.value(
        "SELECT function_id FROM calls WHERE id=?", call_id
    )
    if function_id is None:
        msg = f"Function call '{call_id}' not found."
        raise not_found(msg)
    call.object("function", function_id, need)
    return function_id


def _add(
    call: Call, call_id: str, items: Iterable[api_pb2.FunctionPutInputsItem]
) -> list[api_pb2.FunctionPutInputsResponseItem]:
    replies = []
    for item in items:
        input_id = new_id("in")
        call.store.run(
            "INSERT INTO inputs (id, call_id, position, item, state) "
            "VALUES (?, ?, ?, ?, 'waiting')",
            input_id,
            call_id,
            item.idx,
            item.SerializeToString(),
        )
        replies.append(
            api_pb2.FunctionPutInputsResponseItem(
                idx=item.idx, input_id=input_id, input_jwt=input_id
            )
        )
    call.plane.signals.fire("inputs")
    return replies


def _unfinished(call: Call, call_id: str) -> int:
    count: int = call.store.value(
        "SELECT count(*) FROM inputs WHERE call_id=? AND state <> 'done'", call_id
    )
    return count
