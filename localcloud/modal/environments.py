"""Environments: the parts of a workspace that keep objects and roles apart.

Deleting one deletes all that is in it. A name may have no period any more; a web
suffix is unique in the workspace, and one environment may have the empty one
(https://modal.com/docs/guide/environments).
"""

from __future__ import annotations

import sqlite3

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import access, objects
from localcloud.modal.access import NO_ACCESS, Need
from localcloud.modal.accounts import insert_environment
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, conflict, denied, exhausted, invalid
from localcloud.modal.names import check_environment_name, check_web_suffix
from localcloud.modal.registry import Access, rpc
from localcloud.modal.store import new_id
from localcloud.modal.workspaces import builder_version, check_builder_version

MAX_ENVIRONMENTS = 1500
BLOCK = api_pb2.ENVIRONMENT_BLOCK_UNAUTHENTICATED_RESOURCES_BLOCK
ALLOW = api_pb2.ENVIRONMENT_BLOCK_UNAUTHENTICATED_RESOURCES_ALLOW


@rpc("EnvironmentList")
def environment_list(call: Call, _: Empty) -> api_pb2.EnvironmentListResponse:
    """List the environments that the caller may see, oldest first."""
    rows = call.store.all(
        "SELECT * FROM environments WHERE workspace_id=? ORDER BY created_at",
        call.who.workspace_id,
    )
    return api_pb2.EnvironmentListResponse(
        items=[
            _item(call, row)
            for row in rows
            if access.role_in(call.store, call.who, row) != NO_ACCESS
        ]
    )


@rpc("EnvironmentCreate", Access.USER)
def environment_create(call: Call, request: api_pb2.EnvironmentCreateRequest) -> Empty:
    """Create an environment; its web suffix is its name in lower case."""
    if call.store.value(
        "SELECT 1 FROM environments WHERE workspace_id=? AND name=?",
        call.who.workspace_id,
        request.name,
    ):
        msg = f"Environment '{request.name}' already exists."
        raise already_exists(msg)
    _create(call, request)
    return Empty()


@rpc("EnvironmentGetOrCreate")
def environment_get_or_create(
    call: Call, request: api_pb2.EnvironmentGetOrCreateRequest
) -> api_pb2.EnvironmentGetOrCreateResponse:
    """Look an environment up by name or id, empty meaning the default one."""
    name, how = request.deployment_name, request.object_creation_type
    wanted = how == objects.IF_MISSING and name
    if wanted and not call.store.value(
        "SELECT 1 FROM environments WHERE workspace_id=? AND name=?",
        call.who.workspace_id,
        name,
    ):
        if not call.who.is_user:
            msg = f"'{call.who.name}' cannot create environments: have a member do it."
            raise denied(msg)
        _create(call, api_pb2.EnvironmentCreateRequest(name=name))
    row = call.environment(name, Need.READ)
    return api_pb2.EnvironmentGetOrCreateResponse(
        environment_id=row["id"],
        metadata=api_pb2.EnvironmentMetadata(
            name=row["name"],
            settings=api_pb2.EnvironmentSettings(
                image_builder_version=row["image_builder_version"]
                or builder_version(call),
                webhook_suffix=row["suffix"],
                max_concurrent_tasks=row["max_tasks"],
                max_concurrent_gpus=row["max_gpus"],
            ),
            environment_type=row["type"],
        ),
    )


@rpc("EnvironmentUpdate", Access.USER)
def environment_update(
    call: Call, request: api_pb2.EnvironmentUpdateRequest
) -> api_pb2.EnvironmentListItem:
    """Change what the request mentions; the id stays, whatever the name becomes."""
    row = call.environment(request.current_name, Need.WRITE)
    changes: dict[str, object] = {}
    if request.HasField("name") and request.name.value != row["name"]:
        changes["name"] = check_environment_name(request.name.value)
    if request.HasField("web_suffix"):
        changes["suffix"] = check_web_suffix(request.web_suffix.value)
    if request.HasField("max_concurrent_tasks"):
        changes["max_tasks"] = request.max_concurrent_tasks
    if request.HasField("max_concurrent_gpus"):
        changes["max_gpus"] = request.max_concurrent_gpus
    if request.HasField("block_unauthenticated_resources"):
        wanted = request.block_unauthenticated_resources
        changes["block_unauthenticated"] = {BLOCK: 1, ALLOW: 0}.get(wanted)
    if request.HasField("image_builder_version"):
        version = request.image_builder_version
        changes["image_builder_version"] = version and check_builder_version(version)
    for column, value in changes.items():
        _set(call, row, column, value)
    return _item(call, call.environment(row["id"], Need.READ))


@rpc("EnvironmentDelete", Access.USER)
def environment_delete(call: Call, request: api_pb2.EnvironmentDeleteRequest) -> Empty:
    """Delete an environment and everything in it; never the default one."""
    row = call.environment(request.name, Need.WRITE)
    if row["restricted"] and not call.who.manages:
        msg = f"Environment '{row['name']}' is restricted: only managers delete it."
        raise denied(msg)
    if row["id"] == call.store.value(
        "SELECT default_environment_id FROM workspaces WHERE id=?",
        call.who.workspace_id,
    ):
        msg = (
            f"Environment '{row['name']}' is the workspace's default: make another "
            "one the default before deleting it."
        )
        raise conflict(msg)
    call.store.run("DELETE FROM environments WHERE id=?", row["id"])
    call.plane.signals.fire("apps")
    return Empty()


@rpc("EnvironmentGetBudget")
def environment_get_budget(
    call: Call, request: api_pb2.EnvironmentGetBudgetRequest
) -> api_pb2.EnvironmentGetBudgetResponse:
    """Return the budget; nothing is ever spent here."""
    row = call.environment(request.environment_id, Need.READ)
    return api_pb2.EnvironmentGetBudgetResponse(cycle_budget_dollars=row["budget"])


@rpc("EnvironmentSetBudget", Access.MANAGER)
def environment_set_budget(
    call: Call, request: api_pb2.EnvironmentSetBudgetRequest
) -> Empty:
    """Set or clear the budget of a billing cycle."""
    row = call.environment(request.environment_id, Need.WRITE)
    if not request.clear_budget and request.cycle_budget_dollars < 0:
        msg = f"The budget of environment '{row['name']}' cannot be negative."
        raise invalid(msg)
    budget = None if request.clear_budget else request.cycle_budget_dollars
    _set(call, row, "budget", budget)
    return Empty()


def _create(call: Call, request: api_pb2.EnvironmentCreateRequest) -> None:
    name = check_environment_name(request.name)
    role = request.default_member_role_str or access.NAMES.get(
        request.default_member_role
    )
    if request.is_managed and not call.who.manages:
        msg = f"Environment '{name}' would be restricted: only managers create those."
        raise denied(msg)
    if role and not request.is_managed:
        msg = "Default member role can only be set for a Restricted environment."
        raise invalid(msg)
    if role and role not in access.ROLES:
        msg = f"Unknown role: '{role}': choose one of {', '.join(access.ROLES)}."
        raise invalid(msg)
    count = call.store.value(
        "SELECT count(*) FROM environments WHERE workspace_id=?", call.who.workspace_id
    )
    if count >= MAX_ENVIRONMENTS:
        msg = f"The workspace has {count} environments, which is all it can have."
        raise exhausted(msg)
    insert_environment(
        call.store,
        call.who.workspace_id,
        name,
        request.settings.webhook_suffix or _free_suffix(call, name),
        restricted=request.is_managed,
        default_member_role=role or None,
        environment_type=request.environment_type,
    )


def _free_suffix(call: Call, name: str) -> str:
    suffix = name.lower().replace("_", "-").strip("-")
    taken = call.store.value(
        "SELECT 1 FROM environments WHERE workspace_id=? AND suffix=?",
        call.who.workspace_id,
        suffix,
    )
    return f"{suffix}-{new_id('x')[2:6].lower()}" if taken else suffix


def _set(call: Call, row: sqlite3.Row, column: str, value: object) -> None:
    try:
        call.store.run(
            f"UPDATE environments SET {column}=? WHERE id=?",  # noqa: S608 - the columns are literals of this module
            value,
            row["id"],
        )
    except sqlite3.IntegrityError:
        what = "name" if column == "name" else "web suffix"
        msg = f"Another environment of the workspace has the {what} '{value}'."
        raise already_exists(msg) from None


def _item(call: Call, row: sqlite3.Row) -> api_pb2.EnvironmentListItem:
    default = call.store.value(
        "SELECT default_environment_id FROM workspaces WHERE id=?", row["workspace_id"]
    )
    block = row["block_unauthenticated"]
    role = access.role_in(call.store, call.who, row)
    return api_pb2.EnvironmentListItem(
        name=row["name"],
        webhook_suffix=row["suffix"],
        created_at=row["created_at"],
        default=row["id"] == default,
        is_managed=bool(row["restricted"]),
        environment_id=row["id"],
        max_concurrent_tasks=row["max_tasks"],
        max_concurrent_gpus=row["max_gpus"],
        cycle_budget_dollars=row["budget"],
        environment_type=row["type"],
        default_member_role=access.default_role(row),
        block_unauthenticated_resources=None if block is None else bool(block),
        effective_role=access.ROLES[role],
        image_builder_version=row["image_builder_version"] or None,
    )
