"""An account with several workspaces, and the page that approves tokens."""

from __future__ import annotations

import urllib.parse
import urllib.request

import modal
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_pb2

from tests.support.modal_plane import running_plane
from tests.support.modal_raw import call, headers


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """A control plane where nobody approves by itself."""
    with running_plane(tmp_path_factory.mktemp("account") / "state") as running:
        yield running


@pytest.fixture(scope="module")
def second(account):
    """A second workspace, with its owner's token."""
    return account.admin("workspace", "second", "--owner", "alice")


def test_workspaces_share_nothing(account, second):
    """The same names exist in both, and no id of one is known in the other."""
    with (
        account.client() as one,
        account.client(second["token_id"], second["token_secret"]) as two,
    ):
        assert modal.Workspace.from_context(client=two).hydrate().name == "second"
        for client in (one, two):
            modal.Secret.objects.create("same", {"A": "1"}, client=client)
        mine = modal.Secret.from_name("same", client=one).hydrate()
        theirs = modal.Secret.from_name("same", client=two).hydrate()
        assert mine.object_id != theirs.object_id
    token = headers(second["token_id"], second["token_secret"])
    request = api_pb2.SecretDeleteRequest(secret_id=mine.object_id)
    with pytest.raises(GRPCError) as caught:
        call(account, "SecretDelete", request, token)
    assert caught.value.status == Status.NOT_FOUND


def test_uploaded_content_is_not_known_in_another_workspace(account, second):
    """Knowing a hash does not give a workspace the content of another one."""
    put = api_pb2.MountPutFileRequest(
        sha256_hex="fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
        data=b"bar",
    )
    assert call(account, "MountPutFile", put).exists
    ask = api_pb2.MountPutFileRequest(sha256_hex=put.sha256_hex)
    assert call(account, "MountPutFile", ask).exists
    token = headers(second["token_id"], second["token_secret"])
    assert not call(account, "MountPutFile", ask, token).exists


def test_member_contributes_but_does_not_manage(account, second):
    """A plain member writes to open environments, reads restricted ones, no more."""
    made = account.admin("member", "second", "bob")
    owner = headers(second["token_id"], second["token_secret"])
    member = headers(made["token_id"], made["token_secret"])
    call(
        account,
        "EnvironmentCreate",
        api_pb2.EnvironmentCreateRequest(name="prod", is_managed=True),
        owner,
    )
    create = api_pb2.SecretGetOrCreateRequest(
        deployment_name="m",
        object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
    )
    call(account, "SecretGetOrCreate", create, member)
    create.environment_name = "prod"
    listing = api_pb2.SecretListRequest(environment_name="prod")
    assert not call(account, "SecretList", listing, member).items
    for method, request in [
        ("SecretGetOrCreate", create),
        ("ServiceUserCreate", api_pb2.ServiceUserCreateRequest(name="x")),
        (
            "EnvironmentCreate",
            api_pb2.EnvironmentCreateRequest(name="x", is_managed=True),
        ),
    ]:
        with pytest.raises(GRPCError) as caught:
            call(account, method, request, member)
        assert caught.value.status == Status.PERMISSION_DENIED, method
    role = api_pb2.EnvironmentRoleSetRequest(
        environment_name="prod", user_id=made["user_id"], role_str="contributor"
    )
    call(account, "EnvironmentRoleSet", role, owner)
    call(account, "SecretGetOrCreate", create, member)


def test_page_approves_a_token_for_the_chosen_workspace(account, second):
    """The page shows the client's code; its button ends the client's wait."""
    flow = call(account, "TokenFlowCreate", api_pb2.TokenFlowCreateRequest(), {})
    wait = api_pb2.TokenFlowWaitRequest(
        token_flow_id=flow.token_flow_id, wait_secret=flow.wait_secret, timeout=0.1
    )
    assert call(account, "TokenFlowWait", wait, {}).timeout
    with urllib.request.urlopen(flow.web_url) as page:  # noqa: S310 - loopback
        text = page.read().decode()
    assert flow.code in text
    assert second["workspace"] in text
    form = urllib.parse.urlencode({"workspace": "second"}).encode()
    with urllib.request.urlopen(flow.web_url, form) as page:  # noqa: S310 - loopback
        assert "Approved" in page.read().decode()
    made = call(account, "TokenFlowWait", wait, {})
    assert made.workspace_username == "second"
    call(account, "ClientHello", Empty(), headers(made.token_id, made.token_secret))
