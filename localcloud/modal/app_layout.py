"""What an app consists of: its functions and classes, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable

from modal_proto import api_pb2

from localcloud.modal import function_metadata
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.registry import rpc
from localcloud.modal.store import Store


@rpc("AppGetLayout")
def get_layout(
    call: Call, request: api_pb2.AppGetLayoutRequest
) -> api_pb2.AppGetLayoutResponse:
    """Return what the app was last published with."""
    call.object("app", request.app_id, Need.READ)
    return api_pb2.AppGetLayoutResponse(app_layout=layout(call.store, request.app_id))


@rpc("AppGetObjects")
def get_objects(
    call: Call, request: api_pb2.AppGetObjectsRequest
) -> api_pb2.AppGetObjectsResponse:
    """Return the published objects by tag, as older clients ask for them."""
    call.object("app", request.app_id, Need.READ)
    found = layout(call.store, request.app_id)
    by_id = {one.object_id: one for one in found.objects}
    tags = {**found.function_ids, **found.class_ids}
    return api_pb2.AppGetObjectsResponse(
        items=[
            api_pb2.AppGetObjectsItem(tag=tag, object=by_id[object_id])
            for tag, object_id in tags.items()
        ]
    )


@rpc("AppGetLifecycle")
def get_lifecycle(
    call: Call, request: api_pb2.AppGetLifecycleRequest
) -> api_pb2.AppGetLifecycleResponse:
    """Return an app's state and when it came to it."""
    call.object("app", request.app_id, Need.READ)
    return api_pb2.AppGetLifecycleResponse(lifecycle=lifecycle(call, request.app_id))


@rpc("AppGetInfo")
def get_info(
    call: Call, request: api_pb2.AppGetInfoRequest
) -> api_pb2.AppGetInfoResponse:
    """Describe an app with a summary of each function."""
    call.object("app", request.app_id, Need.READ)
    reply = api_pb2.AppGetInfoResponse(info=handle(call, request.app_id))
    for tag, function_id in layout(call.store, request.app_id).function_ids.items():
        definition = function_metadata.definition(call.store, function_id)
        summary = reply.function_info_summaries[tag]
        summary.web_function = definition.webhook_config.type != 0
        if definition.HasField("schedule"):
            summary.schedule.CopyFrom(definition.schedule)
    return reply


def layout(
    store: Store, app_id: str, dependencies: Iterable[str] = ()
) -> api_pb2.AppLayout:
    """Return the app's objects, and those that a function depends on."""
    published = api_pb2.AppLayout.FromString(
        store.value("SELECT layout FROM apps WHERE id=?", app_id)
    )
    found = api_pb2.AppLayout(
        function_ids=published.function_ids, class_ids=published.class_ids
    )
    for function_id in published.function_ids.values():
        found.objects.add(
            object_id=function_id,
            function_handle_metadata=function_metadata.handle(store, function_id),
        )
    for class_id in published.class_ids.values():
        found.objects.add(
            object_id=class_id,
            class_handle_metadata=function_metadata.class_handle(store, class_id),
        )
    known = {one.object_id for one in found.objects}
    for object_id in dependencies:
        if object_id not in known:
            _add_dependency(store, found, object_id)
    return found


def _add_dependency(store: Store, found: api_pb2.AppLayout, object_id: str) -> None:
    added = found.objects.add(object_id=object_id)
    row = store.one("SELECT * FROM objects WHERE id=? AND kind='volume'", object_id)
    if row:
        added.volume_metadata.version = row["number"]
        added.volume_metadata.name = row["name"] or ""


def handle(call: Call, app_id: str) -> api_pb2.AppHandleMetadata:
    """Return what the client keeps of an app."""
    row = call.store.one(
        "SELECT description, environments.name AS environment, layout FROM apps "
        "JOIN objects USING (id) JOIN environments ON environments.id = environment_id "
        "WHERE apps.id=?",
        app_id,
    )
    assert row is not None  # noqa: S101 - the caller has found the app
    published = api_pb2.AppLayout.FromString(row["layout"])
    return api_pb2.AppHandleMetadata(
        description=row["description"],
        app_id=app_id,
        environment_name=row["environment"],
        lifecycle=lifecycle(call, app_id),
        functions=published.function_ids,
    )


def lifecycle(call: Call, app_id: str) -> api_pb2.AppLifecycle:
    """Return an app's state, and who brought it there."""
    row = call.store.one(
        "SELECT apps.*, created_at, created_by FROM apps JOIN objects USING (id) "
        "WHERE apps.id=?",
        app_id,
    )
    assert row is not None  # noqa: S101 - the caller has found the app
    return api_pb2.AppLifecycle(
        app_state=row["state"],
        created_at=row["created_at"],
        created_by=row["created_by"],
        deployed_at=row["deployed_at"] or 0.0,
        deployed_by=row["deployed_by"] or "",
        version=row["version"],
        stopped_at=row["stopped_at"] or 0.0,
        stopped_by=row["stopped_by"] or "",
    )
