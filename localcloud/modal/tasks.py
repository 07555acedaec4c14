"""Containers as a user sees them: listed, described, stopped."""

from __future__ import annotations

import asyncio

from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import not_found
from localcloud.modal.registry import rpc


@rpc("TaskList")
def task_list(call: Call, request: api_pb2.TaskListRequest) -> api_pb2.TaskListResponse:
    """List the running containers of an environment, or of one app in it."""
    environment = call.environment(request.environment_name, Need.READ)
    if request.app_id:
        app = call.object("app", request.app_id, Need.READ)
        environment_id = app["environment_id"]
    else:
        environment_id = environment["id"]
    rows = call.store.all(
        "SELECT tasks.*, apps.id AS app_id, apps.description FROM tasks JOIN objects "
        "ON objects.id = function_id JOIN apps ON apps.id = objects.app_id "
        "WHERE environment_id=? AND (? IN ('', apps.id)) AND tasks.state <> 'finished' "
        "ORDER BY tasks.created_at DESC",
        environment_id,
        request.app_id,
    )
    return api_pb2.TaskListResponse(
        tasks=[
            api_pb2.TaskStats(
                task_id=row["id"],
                app_id=row["app_id"],
                app_description=row["description"],
                enqueued_at=row["created_at"],
                started_at=row["created_at"],
            )
            for row in rows
        ]
    )


@rpc("ContainerStop")
async def container_stop(
    call: Call, request: api_pb2.ContainerStopRequest
) -> api_pb2.ContainerStopResponse:
    """End a container: after its present input, or at once."""
    container = call.plane.containers.get(request.task_id)
    if container is None:
        msg = f"Container '{request.task_id}' is not running."
        raise not_found(msg)
    call.object("function", container.function_id, Need.WRITE)
    container.draining = True
    call.plane.signals.fire("inputs")
    if not request.graceful:
        await asyncio.shield(container.stop())
    return api_pb2.ContainerStopResponse()
