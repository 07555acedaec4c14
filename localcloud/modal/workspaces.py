"""The workspace that a token belongs to: its name, members and settings."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import invalid
from localcloud.modal.registry import Access, rpc

# `modal.config`'s ImageBuilderVersion: what the client can build for.
BUILDER_VERSIONS = ("2023.12", "2024.04", "2024.10", "2025.06", "2026.10", "PREVIEW")


@rpc("ClientHello")
def client_hello(call: Call, _: Empty) -> api_pb2.ClientHelloResponse:
    """Say that the credentials are good."""
    return api_pb2.ClientHelloResponse(image_builder_version=builder_version(call))


@rpc("WorkspaceNameLookup")
def name_lookup(call: Call, _: Empty) -> api_pb2.WorkspaceNameLookupResponse:
    """Name the caller's workspace; the client names a profile by `username`."""
    name = call.store.value(
        "SELECT name FROM workspaces WHERE id=?", call.who.workspace_id
    )
    return api_pb2.WorkspaceNameLookupResponse(workspace_name=name, username=name)


@rpc("WorkspaceMembersList")
def members_list(call: Call, _: Empty) -> api_pb2.WorkspaceMembersListResponse:
    """List the people of the workspace, first come first."""
    rows = call.store.all(
        "SELECT members.*, users.name, users.email, (SELECT max(last_used_at) FROM "
        "tokens WHERE tokens.user_id = users.id AND tokens.workspace_id = "
        "members.workspace_id) AS active FROM members JOIN users ON users.id = "
        "members.user_id WHERE members.workspace_id=? ORDER BY members.joined_at",
        call.who.workspace_id,
    )
    return api_pb2.WorkspaceMembersListResponse(
        members=[
            api_pb2.WorkspaceMembersListItem(
                member_id=row["id"],
                member_displayname=row["name"],
                member_role=row["role"],
                joined_at=row["joined_at"],
                last_active_at=row["active"] or 0.0,
                user_id=row["user_id"],
                email=row["email"] or "",
            )
            for row in rows
        ]
    )


@rpc("WorkspaceSettings")
def settings(call: Call, _: Empty) -> api_pb2.WorkspaceSettingsResponse:
    """Return what the workspace's managers can set."""
    return api_pb2.WorkspaceSettingsResponse(
        default_environment_name=call.store.value(
            "SELECT environments.name FROM workspaces JOIN environments "
            "ON environments.id = default_environment_id WHERE workspaces.id=?",
            call.who.workspace_id,
        ),
        image_builder_version=builder_version(call),
    )


@rpc("WorkspaceSetDefaultEnvironment", Access.MANAGER)
def set_default_environment(
    call: Call, request: api_pb2.WorkspaceSetDefaultEnvironmentRequest
) -> Empty:
    """Choose the environment that an empty name means."""
    environment = call.environment(request.environment_name, Need.WRITE)
    call.store.run(
        "UPDATE workspaces SET default_environment_id=? WHERE id=?",
        environment["id"],
        call.who.workspace_id,
    )
    return Empty()


@rpc("WorkspaceSetImageBuilderVersion", Access.MANAGER)
def set_builder_version(
    call: Call, request: api_pb2.WorkspaceSetImageBuilderVersionRequest
) -> api_pb2.WorkspaceSetImageBuilderVersionResponse:
    """Choose the builder of every environment that does not choose its own."""
    version = check_builder_version(request.new_image_builder_version)
    call.store.run(
        "UPDATE workspaces SET image_builder_version=? WHERE id=?",
        version,
        call.who.workspace_id,
    )
    return api_pb2.WorkspaceSetImageBuilderVersionResponse(
        image_builder_version=version
    )


def builder_version(call: Call) -> str:
    """Return the workspace's own image builder version."""
    version: str = call.store.value(
        "SELECT image_builder_version FROM workspaces WHERE id=?",
        call.who.workspace_id,
    )
    return version


def check_builder_version(version: str) -> str:
    """Return the version, or refuse one that no client can build for."""
    if version not in BUILDER_VERSIONS:
        msg = (
            f"Image builder version '{version}' is not supported: choose one of "
            f"{', '.join(BUILDER_VERSIONS)}."
        )
        raise invalid(msg)
    return version
