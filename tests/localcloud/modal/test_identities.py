"""Workspaces, members, tokens, service users and proxy tokens."""

from __future__ import annotations

import time
import uuid

import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal.exception import AlreadyExistsError, AuthError, NotFoundError
from modal_proto import api_pb2

from tests.support.modal_plane import TOKEN_ID
from tests.support.modal_raw import call, headers


@pytest.fixture
def workspace(client):
    """The bootstrap workspace."""
    return modal.Workspace.from_context(client=client).hydrate()


@pytest.fixture
def fresh():
    """A name that no other test has."""
    return f"n-{uuid.uuid4().hex[:10]}"


def info(plane, made):
    token = headers(made.token_id, made.token_secret)
    return call(plane, "TokenInfoGet", api_pb2.TokenInfoGetRequest(), token)


def new_token(plane, expires_in_seconds=0):
    flow = call(
        plane,
        "TokenFlowCreate",
        api_pb2.TokenFlowCreateRequest(expires_in_seconds=expires_in_seconds),
        {},
    )
    request = api_pb2.TokenFlowWaitRequest(
        token_flow_id=flow.token_flow_id, wait_secret=flow.wait_secret, timeout=5
    )
    return call(plane, "TokenFlowWait", request, {})


def test_workspace_knows_its_name_members_and_settings(workspace):
    """The bootstrap workspace has its owner and its first environment."""
    assert workspace.name == "local"
    (owner,) = workspace.members.list()
    assert (owner.name, owner.role) == ("local-owner", "owner")
    settings = workspace.settings.list()
    assert settings.default_environment == "main"


def test_builder_version_is_set_for_the_workspace(plane, workspace):
    """Only versions that clients know are accepted; environments inherit it."""
    workspace.settings.set("image-builder-version", "2024.10")
    try:
        reply = call(
            plane, "EnvironmentGetOrCreate", api_pb2.EnvironmentGetOrCreateRequest()
        )
        assert reply.metadata.settings.image_builder_version == "2024.10"
        request = api_pb2.WorkspaceSetImageBuilderVersionRequest(
            new_image_builder_version="1999.01"
        )
        with pytest.raises(GRPCError, match=r"2025\.06"):
            call(plane, "WorkspaceSetImageBuilderVersion", request)
    finally:
        workspace.settings.set("image-builder-version", "2025.06")


@pytest.mark.parametrize(
    "metadata",
    [{}, headers("ak-nobody", "as-x"), headers(token_secret="as-wrong")],
    ids=["no token", "unknown token", "wrong secret"],
)
def test_nobody_gets_in_without_a_valid_token(plane, metadata):
    """Every call is authenticated, with one status for all failures."""
    for method, request in [
        ("ClientHello", Empty()),
        ("SecretList", api_pb2.SecretListRequest()),
        ("TokenInfoGet", api_pb2.TokenInfoGetRequest()),
    ]:
        with pytest.raises(GRPCError) as caught:
            call(plane, method, request, metadata)
        assert caught.value.status == Status.UNAUTHENTICATED


def test_client_raises_auth_error(plane):
    """The SDK turns the refusal into its AuthError."""
    with plane.client("ak-nobody", "as-x") as stranger, pytest.raises(AuthError):
        stranger.hello()


def test_token_flow_mints_a_member_token(plane):
    """An approved flow ends with a working token that its creator alone can fetch."""
    made = new_token(plane, expires_in_seconds=3600)
    assert made.workspace_username == "local"
    described = info(plane, made)
    assert described.token_id == made.token_id
    assert described.user_identity.username == "local-owner"
    assert described.expires_at.seconds == pytest.approx(time.time() + 3600, abs=60)


def test_token_flow_is_only_for_who_began_it(plane):
    """Without the wait secret nobody gets the token."""
    flow = call(plane, "TokenFlowCreate", api_pb2.TokenFlowCreateRequest(), {})
    request = api_pb2.TokenFlowWaitRequest(
        token_flow_id=flow.token_flow_id, wait_secret="guess", timeout=5
    )
    with pytest.raises(GRPCError) as caught:
        call(plane, "TokenFlowWait", request, {})
    assert caught.value.status == Status.PERMISSION_DENIED


def test_tokens_are_listed_disabled_enabled_and_deleted(plane, workspace):
    """A disabled token is refused until enabled; a deleted one for good."""
    made = new_token(plane)
    tokens = workspace.member_tokens
    assert made.token_id in {token.token_id for token in tokens.list()}
    tokens.disable(made.token_id)
    with pytest.raises(GRPCError, match="disabled"):
        info(plane, made)
    tokens.enable(made.token_id)
    info(plane, made)
    tokens.delete(made.token_id)
    with pytest.raises(GRPCError) as caught:
        info(plane, made)
    assert caught.value.status == Status.UNAUTHENTICATED
    with pytest.raises(NotFoundError):
        tokens.delete(made.token_id)


def test_bootstrap_token_survives_its_deletion(plane, workspace):
    """Revoking what the server was started with is answered, warned of, not done."""
    with pytest.warns(modal.exception.ServerWarning, match="was kept"):
        workspace.member_tokens.delete(TOKEN_ID)
    call(plane, "ClientHello", Empty())


def test_service_user_has_one_token_with_an_expiry(plane, workspace, fresh):
    """Creation shows the secret once; the user is described with its token."""
    made = workspace.service_users.create(fresh, expires_in=3600)
    described = info(plane, made)
    assert described.service_user_identity.service_user_name == fresh
    assert described.service_user_identity.created_by.username == "local-owner"
    assert described.expires_at.seconds == pytest.approx(time.time() + 3600, abs=60)
    listed = workspace.service_users.info(fresh)
    assert (listed.token_id, listed.created_by) == (made.token_id, "local-owner")
    assert listed.expires_at is not None
    with pytest.raises(AlreadyExistsError):
        workspace.service_users.create(fresh, expires_in=None)


def test_expired_token_is_refused(plane, workspace, fresh):
    """After its expiry a token authenticates nobody."""
    made = workspace.service_users.create(fresh, expires_in=1)
    expiry = workspace.service_users.info(fresh).expires_at.timestamp()
    time.sleep(max(0.0, expiry - time.time()))
    with pytest.raises(GRPCError, match="expired") as caught:
        info(plane, made)
    assert caught.value.status == Status.UNAUTHENTICATED


def test_service_user_roles_follow_the_environment(workspace, environment, fresh):
    """Roles set through the workspace show in the description, by environment."""
    workspace.service_users.create(fresh, expires_in=None)
    assert workspace.service_users.info(fresh).environment_roles == {}
    workspace.service_users.set_role(fresh, environment, role="contributor")
    roles = workspace.service_users.info(fresh).environment_roles
    assert roles == {environment: "contributor"}


def test_deleted_service_user_takes_its_token_along(plane, workspace, fresh):
    """The token of a deleted service user is not known any more."""
    made = workspace.service_users.create(fresh, expires_in=None)
    workspace.service_users.delete(fresh)
    with pytest.raises(GRPCError) as caught:
        info(plane, made)
    assert caught.value.status == Status.UNAUTHENTICATED
    with pytest.raises(NotFoundError):
        workspace.service_users.delete(fresh)
    workspace.service_users.delete(fresh, allow_missing=True)


def test_proxy_tokens_belong_to_environments(workspace, environment, fresh):
    """Proxy tokens are made, renamed, added to environments, and deleted."""
    tokens = workspace.proxy_tokens
    made = tokens.create(name=fresh)
    assert made.token_id.startswith("wk-")
    assert made.token_secret.startswith("ws-")
    tokens.update(made.token_id, name=fresh + "-2")
    names = {token.token_id: token.name for token in tokens.list()}
    assert names[made.token_id] == fresh + "-2"
    assert tokens.list(environment_name=environment) == []
    tokens.allow(made.token_id, environment)
    (listed,) = tokens.list(environment_name=environment)
    assert listed.token_id == made.token_id
    tokens.revoke(made.token_id, environment)
    assert tokens.list(environment_name=environment) == []
    tokens.delete(made.token_id)
    assert made.token_id not in {token.token_id for token in tokens.list()}
