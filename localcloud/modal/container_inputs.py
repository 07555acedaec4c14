"""The RPCs of Modal's container runtime: inputs out, outputs back, volumes in step.

They are for containers only: each knows its own by the credentials it was started
with (`modal._runtime.container_io_manager` is the other side).
"""

from __future__ import annotations

import asyncio
import time

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import function_metadata
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.checkouts import Checkout
from localcloud.modal.containers import Container
from localcloud.modal.errors import conflict, denied
from localcloud.modal.inputs import claim, fail_waiting, finish
from localcloud.modal.registry import rpc

Item = api_pb2.FunctionGetInputsItem
GetInputsReply = api_pb2.FunctionGetInputsResponse
# What a function that names none is given before its idle container ends.
IDLE_TIMEOUT = 60.0
# No request is held longer than this; the runtime asks again.
LONGEST_WAIT = 30.0


@rpc("ContainerHello")
def hello(call: Call, _: Empty) -> Empty:
    """Take note that a container is there."""
    _container(call)
    return Empty()


@rpc("FunctionGetInputs")
async def get_inputs(
    call: Call, request: api_pb2.FunctionGetInputsRequest
) -> GetInputsReply:
    """Give a container its next inputs, or end it when there are none for long."""
    container = _container(call)
    container.asked = True
    function = function_metadata.definition(call.store, container.function_id)
    idle = float(function.task_idle_timeout_secs or IDLE_TIMEOUT)

    def take() -> GetInputsReply:
        if container.draining:
            return GetInputsReply(inputs=[Item(kill_switch=True)])
        rows = claim(
            call.plane,
            container.function_id,
            container.task_id,
            max(1, request.batch_max_size),
        )
        return GetInputsReply(
            inputs=[
                Item(
                    input_id=row["id"],
                    input=api_pb2.FunctionPutInputsItem.FromString(row["item"]).input,
                    function_call_id=row["call_id"],
                    function_call_invocation_type=row["invocation"],
                    retry_count=row["attempt"],
                    function_map_idx=row["position"],
                )
                for row in rows
            ]
        )

    def attempt() -> GetInputsReply | None:
        reply = call.once(GetInputsReply, take)
        return reply if reply.inputs else None

    deadline = time.monotonic() + idle
    while (left := deadline - time.monotonic()) > 0:
        patience = min(left, LONGEST_WAIT)
        reply = await call.plane.signals.until("inputs", attempt, patience)
        if reply is not None:
            await _bring_up_to_date(container)
            return reply
    container.draining = True
    return GetInputsReply(inputs=[Item(kill_switch=True)])


@rpc("FunctionPutOutputs")
async def put_outputs(call: Call, request: api_pb2.FunctionPutOutputsRequest) -> Empty:
    """Take outputs, once what the function wrote to its folders is safe."""
    container = _container(call)
    await write_back(call, container)

    def record() -> Empty:
        for item in request.outputs:
            finish(call.plane, item.input_id, item)
        return Empty()

    return call.once(Empty, record)


@rpc("FunctionCallPutDataOut")
def put_data_out(call: Call, request: api_pb2.FunctionCallPutDataRequest) -> Empty:
    """Take what a generator yields."""
    _container(call)
    for chunk in request.data_chunks:
        call.store.run(
            "INSERT OR REPLACE INTO data_out VALUES (?, ?, ?)",
            request.function_call_id,
            chunk.index,
            chunk.SerializeToString(),
        )
    call.plane.signals.fire(f"data {request.function_call_id}")
    return Empty()


@rpc("ContainerHeartbeat")
def heartbeat(
    call: Call, _: api_pb2.ContainerHeartbeatRequest
) -> api_pb2.ContainerHeartbeatResponse:
    """Tell a container which of its inputs were cancelled."""
    rows = call.store.all(
        "SELECT inputs.id, cancelled FROM inputs JOIN calls ON calls.id = call_id "
        "WHERE task_id=? AND state='claimed' AND cancelled > 0",
        _container(call).task_id,
    )
    if not rows:
        return api_pb2.ContainerHeartbeatResponse()
    return api_pb2.ContainerHeartbeatResponse(
        cancel_input_event=api_pb2.CancelInputEvent(
            input_ids=[row["id"] for row in rows],
            terminate_containers=any(row["cancelled"] > 1 for row in rows),
        )
    )


@rpc("FunctionGetDynamicConcurrency")
def get_dynamic_concurrency(
    call: Call, request: api_pb2.FunctionGetDynamicConcurrencyRequest
) -> api_pb2.FunctionGetDynamicConcurrencyResponse:
    """Let a container work on as many inputs as its function aims at."""
    _container(call)
    return api_pb2.FunctionGetDynamicConcurrencyResponse(
        concurrency=request.target_concurrency or request.max_concurrency
    )


@rpc("TaskResult")
def task_result(call: Call, request: api_pb2.TaskResultRequest) -> Empty:
    """Take a container's failure to start: everything that waits for it fails."""
    container = _container(call)
    container.draining = True
    fail_waiting(call.plane, container.function_id, request.result)
    return Empty()


@rpc("VolumeCommit")
async def volume_commit(
    call: Call, request: api_pb2.VolumeCommitRequest
) -> api_pb2.VolumeCommitResponse:
    """Write a container's changes of a volume to the volume."""
    call.object("volume", request.volume_id, Need.WRITE)
    await _commit(call, _container(call), request.volume_id)
    return api_pb2.VolumeCommitResponse(skip_reload=False)


@rpc("VolumeReload")
async def volume_reload(call: Call, request: api_pb2.VolumeReloadRequest) -> Empty:
    """Bring a container's folder of a volume up to date."""
    call.object("volume", request.volume_id, Need.READ)
    checkout = _checkout(_container(call), request.volume_id)
    await asyncio.to_thread(checkout.checkout, checkout.rows(call.store))
    return Empty()


async def _bring_up_to_date(container: Container) -> None:
    if container.plan:
        for bucket in container.plan.buckets:
            await asyncio.to_thread(bucket.pull)


async def write_back(call: Call, container: Container) -> None:
    """Commit the volumes and push the buckets that a container has written to."""
    if container.plan is None:
        return
    for volume_id in container.plan.committed:
        await _commit(call, container, volume_id)
    for bucket in container.plan.buckets:
        await asyncio.to_thread(bucket.push)


async def _commit(call: Call, container: Container, volume_id: str) -> None:
    checkout = _checkout(container, volume_id)
    changes = await asyncio.to_thread(checkout.scan)
    with call.store.transaction():
        checkout.commit(call.store, call.who.workspace_id, changes)


def _checkout(container: Container, volume_id: str) -> Checkout:
    found = container.plan.checkout(volume_id) if container.plan else None
    if found is None:
        msg = f"Volume '{volume_id}' is not mounted in this container."
        raise conflict(msg)
    return found


def _container(call: Call) -> Container:
    container = call.plane.containers.get(call.who.task_id)
    if container is None:
        msg = f"{call.method} is for running containers only."
        raise denied(msg)
    return container
