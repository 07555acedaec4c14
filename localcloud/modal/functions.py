"""Functions and classes: announced, defined, looked up by name, and specialised.

Deploying announces every function first, so that functions can refer to each other,
and then defines it; publishing the app makes the definition run (`app_history.py`).
"""

from __future__ import annotations

import hashlib

from modal_proto import api_pb2

from localcloud.modal import app_layout, apps, function_metadata, objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict, invalid, not_found
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc
from localcloud.modal.store import new_id

KIND = Kind("function", "fu", frozenset())
CLASS = Kind("class", "cs", frozenset())


@rpc("FunctionPrecreate")
def precreate(
    call: Call, request: api_pb2.FunctionPrecreateRequest
) -> api_pb2.FunctionPrecreateResponse:
    """Give a function its id, before there is a definition."""
    function_id = request.existing_function_id
    if function_id:
        call.object(KIND.name, function_id, Need.WRITE)
        call.store.run(
            "UPDATE functions SET precreated=? WHERE id=?",
            request.SerializeToString(),
            function_id,
        )
    else:
        function_id = _insert(call, request)
    return api_pb2.FunctionPrecreateResponse(
        function_id=function_id,
        handle_metadata=function_metadata.handle(call.store, function_id),
    )


@rpc("FunctionCreate")
def create(
    call: Call, request: api_pb2.FunctionCreateRequest
) -> api_pb2.FunctionCreateResponse:
    """Define a function; it runs so once its app is published."""
    function = request.function
    if not request.HasField("function"):
        if not request.function_data.ranked_functions:
            msg = "A function needs a definition."
            raise invalid(msg)
        function = request.function_data.ranked_functions[0].function
    app = apps.find(call, request.app_id, Need.WRITE)
    function.app_name = app["description"]
    function_id = request.existing_function_id
    if not function_id:
        function_id = _insert(call, _announcement(request.app_id, function))
    call.object(KIND.name, function_id, Need.WRITE)
    call.store.run(
        "INSERT INTO definitions VALUES (?, ?, ?)",
        new_id("de"),
        function_id,
        function.SerializeToString(),
    )
    return api_pb2.FunctionCreateResponse(
        function_id=function_id,
        function=function,
        function_data=function_metadata.data(function),
        handle_metadata=function_metadata.handle(call.store, function_id),
    )


@rpc("FunctionGet")
def get(call: Call, request: api_pb2.FunctionGetRequest) -> api_pb2.FunctionGetResponse:
    """Look a function up by its app's name and its own."""
    app_id, layout = _deployed(call, request.app_name, request.environment_name)
    version = call.store.value("SELECT version FROM apps WHERE id=?", app_id)
    if request.app_version not in (0, version):
        msg = (
            f"Only the live version {version} of App '{request.app_name}' can be "
            "called here: roll back to call an earlier one."
        )
        raise conflict(msg)
    function_id = layout.function_ids.get(request.object_tag)
    if function_id is None:
        msg = f"App '{request.app_name}' has no function '{request.object_tag}'."
        raise not_found(msg)
    return _get_reply(call, function_id)


@rpc("FunctionGetById")
def get_by_id(
    call: Call, request: api_pb2.FunctionGetByIdRequest
) -> api_pb2.FunctionGetByIdResponse:
    """Look a function up by id."""
    call.object(KIND.name, request.function_id, Need.READ)
    found = _get_reply(call, request.function_id)
    return api_pb2.FunctionGetByIdResponse(
        handle_metadata=found.handle_metadata, function=found.function
    )


@rpc("FunctionBindParams")
def bind_params(
    call: Call, request: api_pb2.FunctionBindParamsRequest
) -> api_pb2.FunctionBindParamsResponse:
    """Make a variant of a function: a class's instance, or one with other options."""
    base = call.object(KIND.name, request.function_id, Need.READ)
    options = request.function_options.SerializeToString(deterministic=True)
    digest = hashlib.sha256(request.serialized_params + b"\0" + options).hexdigest()
    name = f"{base['id']} {digest}"
    variant = objects.by_name(call, KIND, base["environment_id"], name)
    if variant is None:
        variant = objects.create(
            call, KIND, base["environment_id"], name=name, app_id=base["app_id"]
        )
        call.store.run(
            "INSERT INTO functions SELECT ?, NULL, precreated, ?, ?, ? FROM functions "
            "WHERE id=?",
            variant["id"],
            base["id"],
            request.serialized_params,
            options,
            base["id"],
        )
    return api_pb2.FunctionBindParamsResponse(
        bound_function_id=variant["id"],
        handle_metadata=function_metadata.handle(call.store, variant["id"]),
    )


@rpc("ClassCreate")
def class_create(
    call: Call, request: api_pb2.ClassCreateRequest
) -> api_pb2.ClassCreateResponse:
    """Give a class its id; its service function is found when it is published."""
    class_id = request.existing_class_id
    if not class_id:
        app = call.object(apps.KIND.name, request.app_id, Need.WRITE)
        row = objects.create(call, CLASS, app["environment_id"], app_id=app["id"])
        class_id = row["id"]
        call.store.run("INSERT INTO classes VALUES (?, '')", class_id)
    return api_pb2.ClassCreateResponse(
        class_id=class_id,
        handle_metadata=function_metadata.class_handle(call.store, class_id),
    )


@rpc("ClassGet")
def class_get(call: Call, request: api_pb2.ClassGetRequest) -> api_pb2.ClassGetResponse:
    """Look a class up by its app's name and its own."""
    _, layout = _deployed(call, request.app_name, request.environment_name)
    class_id = layout.class_ids.get(request.object_tag)
    if class_id is None:
        msg = f"App '{request.app_name}' has no class '{request.object_tag}'."
        raise not_found(msg)
    return api_pb2.ClassGetResponse(
        class_id=class_id,
        handle_metadata=function_metadata.class_handle(call.store, class_id),
    )


def _deployed(
    call: Call, app_name: str, environment_name: str
) -> tuple[str, api_pb2.AppLayout]:
    environment = call.environment(environment_name, Need.READ)
    app = objects.by_name(call, apps.KIND, environment["id"], app_name)
    if app is None:
        msg = f"App '{app_name}' not found in environment '{environment['name']}'."
        raise not_found(msg)
    return app["id"], app_layout.layout(call.store, app["id"])


def _get_reply(call: Call, function_id: str) -> api_pb2.FunctionGetResponse:
    function = function_metadata.definition(call.store, function_id)
    return api_pb2.FunctionGetResponse(
        function_id=function_id,
        handle_metadata=function_metadata.handle(call.store, function_id),
        function=function_metadata.data(function),
    )


def _insert(call: Call, announced: api_pb2.FunctionPrecreateRequest) -> str:
    app = call.object(apps.KIND.name, announced.app_id, Need.WRITE)
    row = objects.create(call, KIND, app["environment_id"], app_id=app["id"])
    function_id: str = row["id"]
    call.store.run(
        "INSERT INTO functions (id, precreated) VALUES (?, ?)",
        function_id,
        announced.SerializeToString(),
    )
    return function_id


def _announcement(
    app_id: str, function: api_pb2.Function
) -> api_pb2.FunctionPrecreateRequest:
    return api_pb2.FunctionPrecreateRequest(
        app_id=app_id,
        function_name=function.function_name,
        function_type=function.function_type,
        method_definitions=function.method_definitions,
        supported_input_formats=function.supported_input_formats,
        supported_output_formats=function.supported_output_formats,
    )
