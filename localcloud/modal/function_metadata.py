"""What is known of a function: its definition, and what the client keeps of it.

A function's id lives as long as its app; every deployment gives it a new definition,
and the one that was published last is what runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modal_proto import api_pb2

if TYPE_CHECKING:
    from localcloud.modal.store import Store

# `modal._utils.blob_utils`: what does not fit into a message goes through a blob.
MAX_OBJECT_SIZE = 2 * 1024 * 1024
MAX_ASYNC_OBJECT_SIZE = 8 * 1024
# The scalar fields of FunctionOptions that a definition has under the same name.
OVERRIDDEN = frozenset(
    (
        "concurrency_limit",
        "timeout_secs",
        "task_idle_timeout_secs",
        "warm_pool_size",
        "target_concurrent_inputs",
        "max_concurrent_inputs",
        "batch_max_size",
        "batch_linger_ms",
    )
)
UNARY_FORMATS = (api_pb2.DATA_FORMAT_PICKLE, api_pb2.DATA_FORMAT_CBOR)


def definition(store: Store, function_id: str) -> api_pb2.Function:
    """Return the definition that runs: of a variant, with its options applied."""
    row = store.one("SELECT * FROM functions WHERE id=?", function_id)
    assert row is not None  # noqa: S101 - the caller has found the function
    if row["base_id"]:
        base = definition(store, row["base_id"])
        options = api_pb2.FunctionOptions.FromString(row["options"])
        return with_options(base, options)
    found = store.value(
        "SELECT definition FROM definitions WHERE id=coalesce(?, (SELECT id FROM "
        "definitions WHERE function_id=? ORDER BY rowid DESC LIMIT 1))",
        row["definition_id"],
        function_id,
    )
    return api_pb2.Function.FromString(found or b"")


def with_options(
    base: api_pb2.Function, options: api_pb2.FunctionOptions
) -> api_pb2.Function:
    """Return the definition with what `with_options` and its like override."""
    function = api_pb2.Function()
    function.CopyFrom(base)
    for field, value in options.ListFields():
        if field.name in OVERRIDDEN:
            setattr(function, field.name, value)
        elif field.name in ("resources", "retry_policy"):
            getattr(function, field.name).CopyFrom(value)
    if options.replace_secret_ids:
        del function.secret_ids[:]
    function.secret_ids.extend(options.secret_ids)
    if options.replace_volume_mounts:
        del function.volume_mounts[:]
    function.volume_mounts.extend(options.volume_mounts)
    if options.replace_cloud_bucket_mounts:
        del function.cloud_bucket_mounts[:]
    function.cloud_bucket_mounts.extend(options.cloud_bucket_mounts)
    return function


def handle(store: Store, function_id: str) -> api_pb2.FunctionHandleMetadata:
    """Return what the client keeps of a function that exists, defined or not yet."""
    row = store.one(
        "SELECT functions.*, app_id FROM functions JOIN objects USING (id) WHERE id=?",
        function_id,
    )
    assert row is not None  # noqa: S101 - the caller has found the function
    precreated = api_pb2.FunctionPrecreateRequest.FromString(row["precreated"])
    function = definition(store, function_id)
    return api_pb2.FunctionHandleMetadata(
        function_name=precreated.function_name,
        function_type=precreated.function_type,
        is_method=function.is_method,
        definition_id=latest_definition_id(store, row["base_id"] or function_id),
        class_parameter_info=(
            function.class_parameter_info
            if function.HasField("class_parameter_info")
            else None
        ),
        method_handle_metadata={
            name: _method(name, method, row["app_id"])
            for name, method in precreated.method_definitions.items()
        },
        function_schema=(
            precreated.function_schema
            if precreated.HasField("function_schema")
            else None
        ),
        max_object_size_bytes=MAX_OBJECT_SIZE,
        max_async_object_size_bytes=MAX_ASYNC_OBJECT_SIZE,
        supported_input_formats=precreated.supported_input_formats or UNARY_FORMATS,
        supported_output_formats=precreated.supported_output_formats or UNARY_FORMATS,
        app_id=row["app_id"],
        base_function_id=row["base_id"] or "",
    )


def latest_definition_id(store: Store, function_id: str) -> str:
    """Return the id of the definition that was made last, published or not."""
    found: str | None = store.value(
        "SELECT id FROM definitions WHERE function_id=? ORDER BY rowid DESC LIMIT 1",
        function_id,
    )
    return found or ""


def class_handle(store: Store, class_id: str) -> api_pb2.ClassHandleMetadata:
    """Return what the client keeps of a class: its service function does the rest."""
    function_id = store.value("SELECT function_id FROM classes WHERE id=?", class_id)
    reply = api_pb2.ClassHandleMetadata(class_function_id=function_id or "")
    if function_id:
        reply.class_function_metadata.CopyFrom(handle(store, function_id))
    return reply


def data(function: api_pb2.Function) -> api_pb2.FunctionData:
    """Return a definition in the form that can rank several."""
    reply = api_pb2.FunctionData()
    shared = {field.name for field in api_pb2.FunctionData.DESCRIPTOR.fields}
    for field, value in function.ListFields():
        if field.name not in shared:
            continue
        if field.is_repeated:
            getattr(reply, field.name).MergeFrom(value)
        elif field.message_type:
            getattr(reply, field.name).CopyFrom(value)
        else:
            setattr(reply, field.name, value)
    reply.ranked_functions.add(rank=0, function=function)
    return reply


def _method(
    name: str, method: api_pb2.MethodDefinition, app_id: str
) -> api_pb2.FunctionHandleMetadata:
    return api_pb2.FunctionHandleMetadata(
        function_name=method.function_name,
        function_type=method.function_type,
        is_method=True,
        use_method_name=name,
        function_schema=(
            method.function_schema if method.HasField("function_schema") else None
        ),
        supported_input_formats=method.supported_input_formats or UNARY_FORMATS,
        supported_output_formats=method.supported_output_formats or UNARY_FORMATS,
        app_id=app_id,
    )
