"""Publications of an app: each is a version, and each can be gone back to.

A version is recorded as the request that published it. Rolling back, promoting a
staged version and rolling over publish it again under the next number.
"""

from __future__ import annotations

import sqlite3

from modal_proto import api_pb2

from localcloud.modal import apps
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, invalid, not_found
from localcloud.modal.names import check_object_name
from localcloud.modal.registry import rpc

ROLLBACK = api_pb2.DEPLOYMENT_TYPE_ROLLBACK


@rpc("AppPublish")
def publish(
    call: Call, request: api_pb2.AppPublishRequest
) -> api_pb2.AppPublishResponse:
    """Make an app's functions what the request says, deployed or for a run."""
    row = apps.find(call, request.app_id, Need.WRITE)
    if request.app_state != apps.DEPLOYED:
        _go_live(call, row["id"], request)
        call.store.run(
            "UPDATE apps SET state=? WHERE id=?", request.app_state, row["id"]
        )
        at = call.store.stamp()
        return api_pb2.AppPublishResponse(url=apps.url(call, row["id"]), deployed_at=at)
    _take_name(call, row["id"], request.name)
    request.client_version = call.metadata.get("x-modal-client-version", "")
    at = _record(call, row["id"], request, live=not request.staged)
    return api_pb2.AppPublishResponse(url=apps.url(call, row["id"]), deployed_at=at)


@rpc("AppDeploymentHistory")
def history(
    call: Call, request: api_pb2.AppDeploymentHistoryRequest
) -> api_pb2.AppDeploymentHistoryResponse:
    """List the versions, newest first."""
    row = apps.find(call, request.app_id, Need.READ)
    versions = call.store.all(
        "SELECT * FROM app_versions WHERE app_id=? ORDER BY version DESC", row["id"]
    )
    return api_pb2.AppDeploymentHistoryResponse(
        app_deployment_histories=[_describe(version) for version in versions],
        production_app_version=row["version"],
    )


@rpc("AppRollback")
def rollback(
    call: Call, request: api_pb2.AppRollbackRequest
) -> api_pb2.AppRollbackResponse:
    """Publish an earlier version again: by number, or counted back from the live."""
    row = apps.find(call, request.app_id, Need.WRITE)
    version = request.version
    if version < 0:
        version += row["version"]
    if request.version == 0:
        msg = "Invalid rollback version request."
        raise invalid(msg)
    if version <= 0:
        msg = "Rollback request exceeds number of App deployments."
        raise invalid(msg)
    at = _again(call, row["id"], version, ROLLBACK)
    return api_pb2.AppRollbackResponse(url=apps.url(call, row["id"]), deployed_at=at)


@rpc("AppPromote")
def promote(
    call: Call, request: api_pb2.AppPromoteRequest
) -> api_pb2.AppPromoteResponse:
    """Make a staged version live."""
    row = apps.find(call, request.app_id, Need.WRITE)
    if request.version <= row["version"]:
        msg = (
            "Promote version must be newer than the current App version "
            f"({row['version']})."
        )
        raise invalid(msg)
    kind = api_pb2.DEPLOYMENT_TYPE_PROMOTION
    at = _again(call, row["id"], request.version, kind)
    return api_pb2.AppPromoteResponse(url=apps.url(call, row["id"]), deployed_at=at)


@rpc("AppRollover")
def rollover(
    call: Call, request: api_pb2.AppRolloverRequest
) -> api_pb2.AppRolloverResponse:
    """Publish the live version again, so that all its containers are new."""
    row = apps.find(call, request.app_id, Need.WRITE)
    kind = api_pb2.DEPLOYMENT_TYPE_ROLLOVER
    at = _again(call, row["id"], row["version"], kind)
    return api_pb2.AppRolloverResponse(url=apps.url(call, row["id"]), deployed_at=at)


def _take_name(call: Call, app_id: str, name: str) -> None:
    check_object_name(name, "App")
    try:
        call.store.run(
            "UPDATE objects SET name=?, heartbeat_at=NULL WHERE id=?", name, app_id
        )
    except sqlite3.IntegrityError:
        msg = f"App '{name}' was deployed meanwhile by another client: deploy again."
        raise already_exists(msg) from None
    call.store.run(
        "UPDATE apps SET description=?, state=? WHERE id=?",
        name,
        apps.DEPLOYED,
        app_id,
    )


def _record(
    call: Call, app_id: str, published: api_pb2.AppPublishRequest, *, live: bool
) -> float:
    at = call.store.stamp()
    version = call.store.value(
        "SELECT coalesce(max(version), 0) + 1 FROM app_versions WHERE app_id=?", app_id
    )
    call.store.run(
        "INSERT INTO app_versions VALUES (?, ?, ?, ?, ?, ?)",
        app_id,
        version,
        published.SerializeToString(),
        at,
        call.who.name,
        published.rollback_version or None,
    )
    if live:
        _go_live(call, app_id, published)
        call.store.run(
            "UPDATE apps SET version=?, deployed_at=?, deployed_by=?, owner=? "
            "WHERE id=?",
            version,
            at,
            call.who.name,
            call.who.id,
            app_id,
        )
    return at


def _again(
    call: Call, app_id: str, version: int, kind: api_pb2.DeploymentType.ValueType
) -> float:
    published = call.store.value(
        "SELECT published FROM app_versions WHERE app_id=? AND version=?",
        app_id,
        version,
    )
    if published is None:
        msg = f"Version {version} not found in App history."
        raise not_found(msg)
    request = api_pb2.AppPublishRequest.FromString(published)
    request.rollback_version, request.deployment_type = version, kind
    request.staged = False
    return _record(call, app_id, request, live=True)


def _go_live(call: Call, app_id: str, published: api_pb2.AppPublishRequest) -> None:
    layout = api_pb2.AppLayout(
        function_ids=published.function_ids, class_ids=published.class_ids
    )
    call.store.run(
        "UPDATE apps SET layout=? WHERE id=?", layout.SerializeToString(), app_id
    )
    for tag, class_id in published.class_ids.items():
        call.store.run(
            "UPDATE classes SET function_id=? WHERE id=?",
            published.function_ids.get(tag + ".*", ""),
            class_id,
        )
    for function_id, definition_id in published.definition_ids.items():
        call.object("function", function_id, Need.WRITE)
        call.store.run(
            "UPDATE functions SET definition_id=? WHERE id=?",
            definition_id,
            function_id,
        )
    call.plane.signals.fire("containers")


def _describe(row: sqlite3.Row) -> api_pb2.AppDeploymentHistory:
    published = api_pb2.AppPublishRequest.FromString(row["published"])
    return api_pb2.AppDeploymentHistory(
        app_id=row["app_id"],
        version=row["version"],
        client_version=published.client_version,
        deployed_at=row["deployed_at"],
        deployed_by=row["deployed_by"],
        tag=published.deployment_tag,
        rollback_version=row["rollback_version"] or 0,
        rollback_allowed=True,
        commit_info=(
            published.commit_info if published.HasField("commit_info") else None
        ),
        deployment_type=published.deployment_type,
    )
