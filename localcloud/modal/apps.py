"""Apps: made, filled with functions, published under a name, and stopped.

A deployment keeps its app's id and its functions' ids; every publication is a version
(`app_history.py`). A stopped app gives its name back.
"""

from __future__ import annotations

import json
import sqlite3
import time

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import app_layout, objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict, not_found
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind("app", "ap", frozenset((objects.IF_MISSING, objects.FAIL_IF_EXISTS)))
DEPLOYED = api_pb2.APP_STATE_DEPLOYED
STOPPED = api_pb2.APP_STATE_STOPPED
# `modal app list` shows what was stopped lately.
RECENTLY = 24 * 3600.0


@rpc("AppCreate")
def app_create(
    call: Call, request: api_pb2.AppCreateRequest
) -> api_pb2.AppCreateResponse:
    """Make an app without a name: for a run, or to be published."""
    environment = call.environment(request.environment_name, Need.WRITE)
    row = objects.create(call, KIND, environment["id"], ephemeral=True)
    state = request.app_state or api_pb2.APP_STATE_INITIALIZING
    _insert(call, row["id"], request.description, state, dict(request.tags))
    return api_pb2.AppCreateResponse(
        app_id=row["id"], app_page_url=url(call, row["id"])
    )


@rpc("AppGetOrCreate")
def app_get_or_create(
    call: Call, request: api_pb2.AppGetOrCreateRequest
) -> api_pb2.AppGetOrCreateResponse:
    """Look an app up by name, or deploy an empty one."""
    environment = call.environment(request.environment_name, Need.READ)
    row = objects.by_name(call, KIND, environment["id"], request.app_name)
    if row is None:
        if request.object_creation_type == objects.LOOKUP:
            msg = (
                f"App '{request.app_name}' not found in environment "
                f"'{environment['name']}'."
            )
            raise not_found(msg)
        call.environment(request.environment_name, Need.WRITE)
        row = objects.create(call, KIND, environment["id"], name=request.app_name)
        _insert(call, row["id"], request.app_name, DEPLOYED, {})
    return api_pb2.AppGetOrCreateResponse(
        app_id=row["id"], handle_metadata=app_layout.handle(call, row["id"])
    )


@rpc("AppLookup")
def app_lookup(
    call: Call, request: api_pb2.AppLookupRequest
) -> api_pb2.AppLookupResponse:
    """Look a deployed app up by name."""
    environment = call.environment(request.environment_name, Need.READ)
    row = objects.by_name(call, KIND, environment["id"], request.app_name)
    if row is None:
        msg = f"App '{request.app_name}' not found in '{environment['name']}'."
        raise not_found(msg)
    return api_pb2.AppLookupResponse(app_id=row["id"])


@rpc("AppGetByDeploymentName")
def app_get_by_deployment_name(
    call: Call, request: api_pb2.AppGetByDeploymentNameRequest
) -> api_pb2.AppGetByDeploymentNameResponse:
    """Find the app of this name, or the last one that had it; finding none is fine."""
    environment = call.environment(request.environment_name, Need.READ)
    row = objects.by_name(call, KIND, environment["id"], request.name)
    reply = api_pb2.AppGetByDeploymentNameResponse(environment_name=environment["name"])
    if row:
        reply.app_id = row["id"]
        reply.lifecycle.CopyFrom(app_layout.lifecycle(call, row["id"]))
        return reply
    previous = call.store.value(
        "SELECT apps.id FROM apps JOIN objects USING (id) WHERE environment_id=? "
        "AND description=? AND state=? AND version > 0 ORDER BY stopped_at DESC",
        environment["id"],
        request.name,
        STOPPED,
    )
    if previous:
        reply.previous_app_id = previous
        reply.lifecycle.CopyFrom(app_layout.lifecycle(call, previous))
    return reply


@rpc("AppList")
def app_list(call: Call, request: api_pb2.AppListRequest) -> api_pb2.AppListResponse:
    """List the apps of an environment that live or were stopped lately."""
    environment = call.environment(request.environment_name, Need.READ)
    rows = call.store.all(
        "SELECT apps.*, objects.name, objects.created_at, (SELECT count(*) FROM tasks "
        "JOIN objects AS f ON f.id = function_id WHERE f.app_id = apps.id "
        "AND tasks.state <> 'finished') AS tasks FROM apps JOIN objects USING (id) "
        "WHERE environment_id=? AND (stopped_at IS NULL OR stopped_at > ?) "
        "ORDER BY objects.created_at DESC",
        environment["id"],
        time.time() - RECENTLY,
    )
    return api_pb2.AppListResponse(
        apps=[
            api_pb2.AppListResponse.AppListItem(
                app_id=row["id"],
                description=row["description"],
                state=row["state"],
                created_at=row["created_at"],
                stopped_at=row["stopped_at"] or 0.0,
                n_running_tasks=row["tasks"],
                name=row["name"] or "",
                metadata=app_layout.handle(call, row["id"]),
            )
            for row in rows
        ]
    )


@rpc("AppHeartbeat")
def app_heartbeat(call: Call, request: api_pb2.AppHeartbeatRequest) -> Empty:
    """Keep an app that is not deployed; tell the client when it was stopped."""
    if find(call, request.app_id, Need.WRITE)["state"] == STOPPED:
        msg = "App is stopped."
        raise conflict(msg)
    objects.heartbeat(call, KIND, request.app_id)
    return Empty()


@rpc("AppClientDisconnect")
def app_client_disconnect(
    call: Call, request: api_pb2.AppClientDisconnectRequest
) -> Empty:
    """End an app whose client goes, unless it is deployed or detached."""
    row = find(call, request.app_id, Need.WRITE)
    if row["state"] in (
        api_pb2.APP_STATE_EPHEMERAL,
        api_pb2.APP_STATE_INITIALIZING,
    ):
        stop(call, row["id"], "")
    return Empty()


@rpc("AppStop")
def app_stop(call: Call, request: api_pb2.AppStopRequest) -> Empty:
    """Stop an app for good, with its containers; its name is free again."""
    row = find(call, request.app_id, Need.WRITE)
    if row["state"] != STOPPED:
        stop(call, row["id"], call.who.name)
    return Empty()


@rpc("AppSetTags")
def app_set_tags(call: Call, request: api_pb2.AppSetTagsRequest) -> Empty:
    """Replace an app's tags."""
    row = find(call, request.app_id, Need.WRITE)
    tags = json.dumps(dict(request.tags))
    call.store.run("UPDATE apps SET tags=? WHERE id=?", tags, row["id"])
    return Empty()


@rpc("AppGetTags")
def app_get_tags(
    call: Call, request: api_pb2.AppGetTagsRequest
) -> api_pb2.AppGetTagsResponse:
    """Return an app's tags."""
    row = find(call, request.app_id, Need.READ)
    return api_pb2.AppGetTagsResponse(tags=json.loads(row["tags"]))


def find(call: Call, app_id: str, need: Need) -> sqlite3.Row:
    """Return an app's row, if the caller may do that to it."""
    call.object(KIND.name, app_id, need)
    row = call.store.one("SELECT * FROM apps WHERE id=?", app_id)
    assert row is not None  # noqa: S101 - inserted with its object
    return row


def stop(call: Call, app_id: str, by: str) -> None:
    """Stop an app; what it was asked to run and has not begun is over."""
    call.store.run(
        "UPDATE apps SET state=?, stopped_at=?, stopped_by=? WHERE id=?",
        STOPPED,
        time.time(),
        by,
        app_id,
    )
    call.store.run("UPDATE objects SET name=NULL, heartbeat_at=NULL WHERE id=?", app_id)
    call.plane.signals.fire("containers")
    call.plane.signals.fire(f"logs {app_id}")


def url(call: Call, app_id: str) -> str:
    """Return where an app would be shown: an address that says what it is."""
    return f"{call.plane.urls.base}/apps/{app_id}"


def _insert(
    call: Call, app_id: str, description: str, state: int, tags: dict[str, str]
) -> None:
    call.store.run(
        "INSERT INTO apps (id, description, state, owner, tags) VALUES (?, ?, ?, ?, ?)",
        app_id,
        description,
        state,
        call.who.id,
        json.dumps(tags),
    )
