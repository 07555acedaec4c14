"""Which scope a request to a workspace's server needs.

Prefect Cloud documents the scopes, but not this table; it follows their names and the
descriptions of the built-in roles: viewers see, runners run, developers change.
"""

import json
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import parse_qs

# Reading by POST: the last part of the path says so.
READING = frozenset(
    {
        "concurrency_status",
        "count",
        "count-deployments",
        "count-task-runs",
        "counts",
        "filter",
        "history",
        "lateness",
        "next-runs",
        "paginate",
        "validate",
    }
)
DELETING = "bulk_delete"
NO = frozenset({"false", "0", "off", "f", "n", "no", "none"})
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Needs(NamedTuple):
    """The scopes of one sort of object: to see, to write, and to delete."""

    see: str | None
    write: str | None
    delete: str | None


def _ladder(group: str, write: str = "write") -> Needs:
    return Needs(f"see_{group}", f"{write}_{group}", f"manage_{group}")


RUNS = Needs("see_flows", "run_flows", "manage_flows")
OPEN = Needs(None, None, None)  # any access to the workspace is enough
SEGMENTS = {
    "admin": OPEN,
    "artifacts": _ladder("artifacts"),
    "assets": _ladder("assets"),
    "automations": _ladder("automations", "manage"),
    "block_capabilities": _ladder("blocks", "manage"),
    "block_documents": _ladder("blocks", "manage"),
    "block_schemas": _ladder("blocks", "manage"),
    "block_types": _ladder("blocks", "manage"),
    "collections": OPEN,
    "concurrency_limits": _ladder("concurrency_limits", "manage"),
    "csrf-token": OPEN,
    "deployments": _ladder("deployments"),
    "events": _ladder("events", "manage"),
    "flow_run_states": RUNS,
    "flow_runs": RUNS,
    "flows": RUNS,
    "health": OPEN,
    "hello": OPEN,
    "logs": RUNS,
    "ready": OPEN,
    "savedsearches": Needs(None, "manage_saved_search", "manage_saved_search"),
    "static": OPEN,
    "task_run_states": RUNS,
    "task_runs": RUNS,
    "task_workers": RUNS,
    "templates": OPEN,
    "ui": RUNS,
    "variables": _ladder("variables"),
    "version": OPEN,
    "work_pools": _ladder("work_pools"),
    "work_queues": _ladder("work_queues"),
}
# Unlisted paths are for owners.
UNKNOWN = Needs(*("manage_workspace_settings",) * 3)

# Taking a slot or submitting a run is running, not changing what is configured.
RUNNING = {
    ("deployments", "create_flow_run"): "run_deployments",
    ("deployments", "bulk"): "run_deployments",
    ("deployments", "get_scheduled_flow_runs"): "see_deployments",
    ("work_pools", "get_scheduled_flow_runs"): "see_work_pools",
    ("work_pools", "heartbeat"): "write_workers",
    ("work_queues", "get_runs"): "see_work_queues",
} | {
    ("concurrency_limits", action): "run_flows"
    for action in (
        "increment",
        "increment-with-lease",
        "decrement",
        "decrement-with-lease",
        "renew",
    )
}


def is_devious(path: str) -> bool:
    """Tell whether a path would lead elsewhere than it says, past the checks here."""
    return not {".", ".."}.isdisjoint(path.split("/"))


def is_read(method: str, path: str) -> bool:
    """Tell whether a request only reads."""
    last = path.rstrip("/").rpartition("/")[2]
    return method in READ_METHODS or (method == "POST" and last in READING)


def needed(method: str, path: str, query: str, body: bytes) -> str | None:
    """Return the scope that a request needs, or None when any access will do.

    Args:
        method: The HTTP method.
        path: The path inside the workspace, without a leading slash.
        query: The query string.
        body: The whole body; lists take the wish for secrets there.
    """
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["v2"]:
        del parts[0]
    needs = SEGMENTS.get(parts[0], UNKNOWN) if parts else OPEN
    if "block_documents" in parts:
        needs = SEGMENTS["block_documents"]
        if _wants_secrets(query, body):
            return "see_secret_blocks"
    if "queues" in parts[1:]:
        needs = SEGMENTS["work_queues"]
    if method == "POST" and len(parts) > 1 and (parts[0], parts[-1]) in RUNNING:
        return RUNNING[parts[0], parts[-1]]
    if is_read(method, path):
        return needs.see
    deletes = method == "DELETE" or parts[-1:] == [DELETING]
    return needs.delete if deletes else needs.write


def _wants_secrets(query: str, body: bytes) -> bool:
    """Tell whether `include_secrets` is anything but a clear no."""
    wishes: list[object] = list(parse_qs(query).get("include_secrets", []))
    with suppress(ValueError):  # the server will say what is wrong with the body
        content = json.loads(body or b"null")
        if isinstance(content, dict):
            wishes.append(content.get("include_secrets", False))
    return any(str(wish).lower() not in NO for wish in wishes)


def needed_by_socket(path: str) -> str:
    """Return the scope that a websocket needs."""
    if path.strip("/") == "events/in":
        return "manage_events"
    if path.strip("/") == "events/out":
        return "see_events"
    if path.startswith("logs/"):
        return "see_flows"
    return "write_workers" if "work" in path else "run_flows"
