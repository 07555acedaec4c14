"""How busy a function is: `Function.get_current_stats` and what the CLI shows of it."""

from __future__ import annotations

from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.registry import rpc


@rpc("FunctionGetCurrentStats")
def get_current_stats(
    call: Call, request: api_pb2.FunctionGetCurrentStatsRequest
) -> api_pb2.FunctionStats:
    """Count what waits, what runs, and the containers."""
    row = call.object("function", request.function_id, Need.READ)
    states = call.store.all(
        "SELECT state, count(*) AS number FROM inputs JOIN calls ON calls.id = call_id "
        "WHERE function_id=? GROUP BY state",
        row["id"],
    )
    counts = {one["state"]: one["number"] for one in states}
    running = [
        container
        for container in call.plane.containers.values()
        if container.function_id == row["id"]
    ]
    return api_pb2.FunctionStats(
        backlog=counts.get("waiting", 0),
        num_total_tasks=len(running),
        num_running_inputs=counts.get("claimed", 0),
    )
