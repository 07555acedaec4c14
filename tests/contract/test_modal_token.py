"""The traps of a Modal token: who may end it, and what is seen when it has ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError
from modal_proto import api_pb2

from tests.support.modal_plane import TOKEN_ID, TOKEN_SECRET
from tests.support.modal_raw import call, headers
from tests.support.servicer import CallError, Servicer

if TYPE_CHECKING:
    from tests.contract.conftest import Worlds
    from tests.support.modal_world import ModalWorld
    from tests.support.servicer import Object

TOKEN = "modal:Token"
USER = "modal:ServiceUser"


@pytest.fixture
def world(worlds: Worlds) -> ModalWorld:
    """Return a whole workspace."""
    return worlds.of(TOKEN)


def _of(user: Object, name: str, **more: Any) -> dict[str, Any]:
    """Return the inputs of a service user's token."""
    given = {key: user.outputs[key] for key in ("token_id", "token_secret")}
    return {"name": name, **given, **more}


def _own(name: str, **more: Any) -> dict[str, Any]:
    """Return the inputs of the token that flowground itself works with here."""
    given = {"token_id": TOKEN_ID, "token_secret": TOKEN_SECRET}
    return {"name": name, **given, **more}


def _accepted(world: ModalWorld, inputs: dict[str, Any]) -> bool:
    mine = headers(inputs["token_id"], inputs["token_secret"])
    try:
        call(world.plane, "ClientHello", Empty(), mine)
    except GRPCError:
        return False
    return True


def test_a_token_tells_whose_it_is(world: ModalWorld, unique: str) -> None:
    """A service user's and a member's: workspace, owner, beginning and end."""
    user = world.servicer.create(USER, {"name": unique, "expires_in_seconds": 3600})
    made = world.servicer.create(TOKEN, _of(user, unique))
    told = made.outputs
    assert (told["workspace"], told["identity_type"]) == ("local", "service_user")
    assert told["identity"] == f"{unique}-g1"
    assert told["workspace_id"].startswith("ac-")
    assert told["created_at"] < told["expires_at"]
    assert told["fingerprint"] not in told["token_secret"]
    ours = world.servicer.create(TOKEN, _own(f"{unique}-own")).outputs
    assert (ours["identity"], ours["identity_type"]) == ("local-owner", "member")
    assert "expires_at" not in ours
    assert ours["fingerprint"] != told["fingerprint"]


def test_a_token_that_is_not_accepted_is_refused(
    world: ModalWorld, unique: str
) -> None:
    """The sentence says that it is this token, and not the secret."""
    wrong = _own(unique) | {"token_secret": "as-canary-wrong"}
    with pytest.raises(CallError, match="cannot create token") as refused:
        world.servicer.create(TOKEN, wrong)
    assert "its id and secret are not accepted" in str(refused.value)
    assert "set MODAL_TOKEN_ID" not in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_preview_needs_neither_modal_nor_a_credential(unique: str) -> None:
    """Check and diff reach for nothing, with a token that is not known yet too."""
    with Servicer({"MODAL_SERVER_URL": "http://127.0.0.1:9"}) as offline:
        checked = offline.check(TOKEN, _own(unique))
    assert checked.failures == {}
    assert checked.inputs["token_works"] is True


def test_a_token_that_ended_is_drift_that_another_mends(
    world: ModalWorld, unique: str
) -> None:
    """What it last told stays; the same token again is refused, a new one is taken."""
    user = world.servicer.create(USER, {"name": unique, "rotation": "1"})
    made = world.servicer.create(TOKEN, _of(user, unique))
    world.call("rpc", "ServiceUserDelete", {"service_user_name": f"{unique}-g1"})
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["token_works"], [])
    assert live.outputs["identity"] == f"{unique}-g1"
    with pytest.raises(CallError, match=r"cannot update token .* are not accepted"):
        world.servicer.update(live, made.inputs)
    again = world.another.create(USER, {"name": unique, "rotation": "2"})
    mended = world.servicer.update(live, _of(again, unique))
    assert mended.id == made.id
    assert mended.outputs["token_works"] is True
    assert mended.outputs["fingerprint"] != made.outputs["fingerprint"]


def test_rotation_takes_the_new_token_in_place_and_leaves_the_old(
    world: ModalWorld, unique: str
) -> None:
    """Even where its deletion would revoke: who has the old one needs the overlap."""
    user = world.servicer.create(USER, {"name": unique, "rotation": "1"})
    old = _of(user, unique, revoke_on_delete=True)
    made = world.servicer.create(TOKEN, old)
    user = world.servicer.update(user, {"name": unique, "rotation": "2"})
    wanted = _of(user, unique, revoke_on_delete=True)
    assert world.servicer.diff(made, made.inputs | wanted) == (
        ["token_id", "token_secret"],
        [],
    )
    made = world.servicer.update(made, wanted)
    assert made.outputs["identity"] == f"{unique}-g2"
    assert _accepted(world, old)


def test_a_token_outlives_its_resource_unless_told(
    world: ModalWorld, unique: str
) -> None:
    """Deleting it lets go of it; `revoke_on_delete` ends it with its service user."""
    user = world.servicer.create(USER, {"name": unique})
    inputs = _of(user, unique)
    world.servicer.delete(world.servicer.create(TOKEN, inputs))
    assert _accepted(world, inputs)
    revoked = world.servicer.create(TOKEN, inputs | {"revoke_on_delete": True})
    world.servicer.delete(revoked)
    assert not _accepted(world, inputs)


def test_a_renamed_token_is_not_revoked(world: ModalWorld, unique: str) -> None:
    """It is verified under the new name before it is let go of under the old one."""
    user = world.servicer.create(USER, {"name": unique})
    inputs = _of(user, unique, revoke_on_delete=True)
    old = world.servicer.create(TOKEN, inputs)
    renamed = inputs | {"name": f"{unique}-renamed"}
    assert world.servicer.diff(old, old.inputs | renamed) == (["name"], ["name"])
    new = world.servicer.create(TOKEN, renamed)
    world.servicer.delete(old)
    assert _accepted(world, inputs)
    world.servicer.delete(new)
    assert not _accepted(world, inputs)


def test_a_renamed_service_user_works_until_the_new_one_does(
    world: ModalWorld, unique: str
) -> None:
    """The new name's is made first, and the old one's token ends last."""
    old = world.servicer.create(USER, {"name": unique})
    renamed = {"name": f"{unique}-renamed"}
    assert world.servicer.diff(old, old.inputs | renamed) == (["name"], ["name"])
    new = world.servicer.create(USER, renamed)
    assert [_accepted(world, _of(user, "")) for user in (old, new)] == [True, True]
    world.servicer.delete(old)
    assert [_accepted(world, _of(user, "")) for user in (old, new)] == [False, True]


def test_a_service_users_resource_that_is_renamed_rotates_its_token(
    world: ModalWorld, unique: str
) -> None:
    """The secret is known to the old resource alone; its token goes on working."""
    old = world.servicer.create(USER, {"name": unique})
    new = world.another.create(USER, {"name": unique})
    world.another.delete(old)
    assert new.outputs["service_user_name"] == f"{unique}-g2"
    assert [_accepted(world, _of(user, "")) for user in (old, new)] == [True, True]


def test_the_own_token_is_never_revoked(world: ModalWorld, unique: str) -> None:
    """It is refused when asked for, and again when it has become the own one since."""
    inputs = _own(unique, revoke_on_delete=True)
    told = "it is the token that flowground itself works with, which is never revoked"
    with pytest.raises(CallError, match=told):
        world.servicer.create(TOKEN, inputs)
    kept = world.servicer.create(TOKEN, _own(unique))
    with pytest.raises(CallError, match=told):
        world.servicer.update(kept, inputs)
    kept.outputs["revoke_on_delete"] = True
    with world.recording() as calls, pytest.raises(CallError, match=told):
        world.servicer.delete(kept)
    assert calls == []


def _members_token(world: ModalWorld) -> dict[str, Any]:
    """Return a member's token, as a person gets it from `modal token new`."""
    flow = call(world.plane, "TokenFlowCreate", api_pb2.TokenFlowCreateRequest(), {})
    httpx.post(flow.web_url, data={"workspace": "local"}).raise_for_status()
    wait = api_pb2.TokenFlowWaitRequest(
        token_flow_id=flow.token_flow_id, wait_secret=flow.wait_secret, timeout=10
    )
    made = call(world.plane, "TokenFlowWait", wait, {})
    return {"token_id": made.token_id, "token_secret": made.token_secret}


@pytest.mark.parametrize("disabled", [False, True], ids=["works", "disabled"])
def test_a_members_token_is_revoked(
    world: ModalWorld, unique: str, disabled: bool
) -> None:
    """By itself, or where it is disabled, as it could be enabled again, by our own."""
    given = _members_token(world)
    inputs = {"name": unique, **given, "revoke_on_delete": True}
    made = world.servicer.create(TOKEN, inputs)
    if disabled:
        world.call("rpc", "TokenDisable", {"token_ids": [given["token_id"]]})
    world.servicer.delete(made)
    world.servicer.delete(made)
    listed = world.call("rpc", "TokensList")["tokens"]
    assert given["token_id"] not in {token["token_id"] for token in listed}


def test_state_shows_no_secret(world: ModalWorld, unique: str) -> None:
    """It is sealed wherever it is kept, and its fingerprint does not tell it."""
    user = world.servicer.create(USER, {"name": unique})
    made = world.servicer.create(TOKEN, _of(user, unique))
    assert "token_secret" in made.secret_outputs
    shown = {k: v for k, v in made.outputs.items() if k not in made.secret_outputs}
    assert made.outputs["token_secret"] not in json.dumps(shown)
