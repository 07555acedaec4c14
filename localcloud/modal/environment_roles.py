"""Who may do what in an environment, and whether it is restricted at all.

Members can be assigned a role only in a restricted environment, service users in any
(`modal._environments._EnvironmentRolesManager.update`).
"""

from __future__ import annotations

import sqlite3

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import access
from localcloud.modal.access import EnvironmentRole, Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict, invalid, not_found
from localcloud.modal.principal import Principal, identity
from localcloud.modal.registry import Access, rpc

Listed = api_pb2.EnvironmentGetRolesResponse.Principal
Managed = api_pb2.EnvironmentGetManagedResponse.PrincipalEnvRole


@rpc("EnvironmentGetRoles")
def get_roles(
    call: Call, request: api_pb2.EnvironmentGetRolesRequest
) -> api_pb2.EnvironmentGetRolesResponse:
    """List every principal of the workspace with its role in the environment."""
    row = call.environment(request.environment_id, Need.READ)
    principals = []
    for who in _principals(call):
        assigned, role = _assigned(call, row, who), access.role_in(call.store, who, row)
        inherits = who.is_user and not who.manages and not assigned
        principals.append(
            Listed(
                user_id=who.id if who.is_user else "",
                user_name=who.name if who.is_user else "",
                service_user_id="" if who.is_user else who.id,
                service_user_name="" if who.is_user else who.name,
                role=access.ROLES[role],
                role_str=role,
                member_role=who.member_role,
                choosable_roles=_choosable(row, who),
                inherits_default_member_role=inherits,
                has_role_assignment=assigned,
            )
        )
    return api_pb2.EnvironmentGetRolesResponse(
        name=row["name"],
        created_at=row["created_at"],
        principal_roles=principals,
        default_member_role=access.default_role(row),
    )


@rpc("EnvironmentGetManaged")
def get_managed(
    call: Call, request: api_pb2.EnvironmentGetManagedRequest
) -> api_pb2.EnvironmentGetManagedResponse:
    """List assigned roles and the rest, as clients before 1.5 asked for them."""
    row = call.environment(request.environment_id, Need.READ)
    reply = api_pb2.EnvironmentGetManagedResponse(
        environment_id=row["id"], name=row["name"], created_at=row["created_at"]
    )
    for who in _principals(call):
        assigned = _assigned(call, row, who)
        listed = Managed(
            user_id=who.id if who.is_user else "",
            user_name=who.name if who.is_user else "",
            service_user_id="" if who.is_user else who.id,
            service_user_name="" if who.is_user else who.name,
            role=access.ROLES[access.role_in(call.store, who, row)],
            member_role=who.member_role,
        )
        (reply.principal_roles if assigned else reply.additional_roles).append(listed)
    return reply


@rpc("EnvironmentRoleSet", Access.MANAGER)
def role_set(call: Call, request: api_pb2.EnvironmentRoleSetRequest) -> Empty:
    """Assign a role to one principal, or take it away with the unspecified role."""
    name = request.environment_id or request.environment_name
    row = call.environment(name, Need.WRITE)
    who = _named(call, request)
    role = request.role_str or access.NAMES.get(request.role, "")
    if role and role not in access.ROLES:
        msg = f"Unknown role: '{role}': choose one of {', '.join(access.ROLES)}."
        raise invalid(msg)
    if who.is_user and not row["restricted"]:
        msg = (
            f"Environment '{row['name']}' is not restricted, so members cannot be "
            "assigned a role in it: restrict it, or assign to a service user."
        )
        raise conflict(msg)
    call.store.run(
        "DELETE FROM environment_roles WHERE environment_id=? AND principal_id=?",
        row["id"],
        who.id,
    )
    if role:
        call.store.run(
            "INSERT INTO environment_roles VALUES (?, ?, ?)", row["id"], who.id, role
        )
    return Empty()


@rpc("EnvironmentSetManaged", Access.MANAGER)
def set_managed(call: Call, request: api_pb2.EnvironmentSetManagedRequest) -> Empty:
    """Restrict an environment or open it; opening drops its members' roles."""
    row = call.environment(request.environment_id, Need.WRITE)
    role = access.NAMES.get(request.default_member_role)
    call.store.run(
        "UPDATE environments SET restricted=?, default_member_role=? WHERE id=?",
        request.managed,
        role if request.managed else None,
        row["id"],
    )
    if not request.managed:
        call.store.run(
            "DELETE FROM environment_roles WHERE environment_id=? "
            "AND principal_id LIKE 'us-%'",
            row["id"],
        )
    return Empty()


@rpc("EnvironmentSetDefaultMemberRole", Access.MANAGER)
def set_default_member_role(
    call: Call, request: api_pb2.EnvironmentSetDefaultMemberRoleRequest
) -> Empty:
    """Choose what members without an assignment may do in a restricted environment."""
    row = call.environment(request.environment_id, Need.WRITE)
    if not row["restricted"]:
        msg = "Default member role can only be set for a Restricted environment."
        raise invalid(msg)
    role = access.NAMES.get(request.default_member_role)
    call.store.run(
        "UPDATE environments SET default_member_role=? WHERE id=?", role, row["id"]
    )
    return Empty()


def _principals(call: Call) -> list[Principal]:
    ids = call.store.all(
        "SELECT user_id AS id FROM members WHERE workspace_id=?1 UNION ALL "
        "SELECT id FROM service_users WHERE workspace_id=?1",
        call.who.workspace_id,
    )
    found = (identity(call.store, call.who.workspace_id, row["id"]) for row in ids)
    return [who for who in found if who]


def _named(call: Call, request: api_pb2.EnvironmentRoleSetRequest) -> Principal:
    principal_id = request.user_id or request.service_user_id
    if request.service_user_name:
        principal_id = call.store.value(
            "SELECT id FROM service_users WHERE workspace_id=? AND name=?",
            call.who.workspace_id,
            request.service_user_name,
        )
    who = principal_id and identity(call.store, call.who.workspace_id, principal_id)
    if not who:
        name = request.service_user_name or principal_id
        msg = f"'{name}' is not a member or service user of the workspace."
        raise not_found(msg)
    return who


def _assigned(call: Call, environment: sqlite3.Row, who: Principal) -> bool:
    return bool(
        call.store.value(
            "SELECT 1 FROM environment_roles WHERE environment_id=? AND principal_id=?",
            environment["id"],
            who.id,
        )
    )


def _choosable(environment: sqlite3.Row, who: Principal) -> list[EnvironmentRole]:
    fixed = who.manages or (who.is_user and not environment["restricted"])
    return [] if fixed else list(access.ROLES.values())
