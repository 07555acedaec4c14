"""The traps of Modal's kinds: what is lost, what is overwritten, what is shown once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from modal_proto import api_pb2

from tests.support.modal_raw import call, headers
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.contract.conftest import Worlds
    from tests.support.modal_world import ModalWorld
    from tests.support.servicer import Object

ENVIRONMENT = "modal:Environment"
SECRET = "modal:Secret"
VOLUME = "modal:Volume"
USER = "modal:ServiceUser"


@pytest.fixture
def world(worlds: Worlds) -> ModalWorld:
    """Return an environment of a control plane."""
    return worlds.of(SECRET)


@pytest.fixture
def workspace(worlds: Worlds) -> ModalWorld:
    """Return a whole workspace."""
    return worlds.of(USER)


def _keys(world: ModalWorld, secret_id: str) -> set[str]:
    told = world.call("rpc", "SecretGetInfo", {"secret_id": secret_id})
    return set(told["metadata"]["keys"])


def _put_file(world: ModalWorld, volume: str, environment: str, version: int) -> None:
    with world.plane.client() as client:
        import modal  # noqa: PLC0415  # only where warnings about it are let through

        found = modal.Volume.from_name(
            volume, environment_name=environment, version=version, client=client
        )
        with found.batch_upload() as batch:
            batch.put_file(__file__, "/kept.py")


def test_a_secret_has_exactly_the_keys_it_was_given(
    world: ModalWorld, unique: str
) -> None:
    """What an update leaves out is gone, which a merge would keep."""
    made = world.make(SECRET, {"name": unique, "values": {"A": "1", "B": "2"}})
    assert _keys(world, made.outputs["secret_id"]) == {"A", "B"}
    wanted = {**world.place, "name": unique, "values": {"B": "2", "C": "3"}}
    made = world.servicer.update(made, wanted)
    assert _keys(world, made.outputs["secret_id"]) == {"B", "C"}
    assert made.outputs["keys"] == ["B", "C"]


def test_a_secret_that_was_overwritten_is_written_again(
    world: ModalWorld, unique: str
) -> None:
    """`modal secret create --force` makes another object: drift, and no deletion."""
    made = world.make(SECRET, {"name": unique, "values": {"A": "1"}})
    world.call(
        "rpc",
        "SecretGetOrCreate",
        {
            **world.place,
            "deployment_name": unique,
            "object_creation_type": "OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS",
            "env_dict": {"A": "theirs"},
        },
    )
    live = world.servicer.read(made)
    assert live is not None
    assert live.id == made.id
    assert world.servicer.diff(live, made.inputs) == (["values"], [])
    repaired = world.servicer.update(live, made.inputs)
    again = world.servicer.read(repaired)
    assert again is not None
    assert again.inputs == made.inputs


def test_a_rewrite_writes_the_values_again(world: ModalWorld, unique: str) -> None:
    """A value that somebody merged cannot be seen, but it can be overwritten."""
    inputs = {**world.place, "name": unique, "values": {"A": "1"}}
    made = world.servicer.create(SECRET, inputs)
    with world.recording() as calls:
        world.servicer.update(made, {**inputs, "rewrite": "today"})
    assert [c.path for c in calls if c.writes] == ["SecretGetOrCreate"]


@pytest.mark.filterwarnings("ignore:This is a local Modal control plane")
@pytest.mark.parametrize("version", [1, 2])
def test_a_volume_is_not_deleted_with_its_files(
    world: ModalWorld, unique: str, version: int
) -> None:
    """Files keep their volume; force_destroy gives them up."""
    inputs = {**world.place, "name": unique, "version": version}
    made = world.servicer.create(VOLUME, inputs)
    _put_file(world, unique, world.place["environment_name"], version)
    with pytest.raises(CallError, match="it has files; set force_destroy=True"):
        world.servicer.delete(made)
    made = world.servicer.update(made, {**inputs, "force_destroy": True})
    world.servicer.delete(made)
    assert world.servicer.read(made) is None


@pytest.mark.filterwarnings("ignore:This is a local Modal control plane")
def test_files_survive_the_renaming_of_their_environment(
    workspace: ModalWorld, unique: str
) -> None:
    """The replacement that follows deletes nothing and adopts what is there."""
    environment = workspace.servicer.create(ENVIRONMENT, {"name": unique})
    volume = {"name": "data", "environment_name": unique, "force_destroy": True}
    old = workspace.servicer.create(VOLUME, volume)
    _put_file(workspace, "data", unique, 1)
    workspace.servicer.update(environment, {"name": f"{unique}-new"})
    workspace.servicer.delete(old)
    moved = {**volume, "environment_name": f"{unique}-new"}
    new = workspace.servicer.create(VOLUME, moved)
    assert new.id == old.id


@pytest.mark.parametrize(
    ("kind", "fill"),
    [
        ("modal:Dict", ("DictUpdate", "dict_id", {"updates": [{"key": "YQ=="}]})),
        ("modal:Queue", ("QueuePut", "queue_id", {"values": ["YQ=="]})),
    ],
    ids=["dict", "queue"],
)
def test_dicts_and_queues_are_not_deleted_with_their_contents(
    world: ModalWorld, unique: str, kind: str, fill: tuple[str, str, dict[str, Any]]
) -> None:
    """What programs have put there keeps them."""
    made = world.make(kind, {"name": unique})
    rpc, id_field, body = fill
    world.call("rpc", rpc, {id_field: made.id, **body})
    with pytest.raises(CallError, match="it holds 1 items; set force_destroy=True"):
        world.servicer.delete(made)
    assert world.servicer.read(made) is not None


def _who(world: ModalWorld, of: Object) -> str:
    """Return whom a token is accepted as."""
    mine = headers(of.outputs["token_id"], of.outputs["token_secret"])
    info = call(world.plane, "TokenInfoGet", api_pb2.TokenInfoGetRequest(), mine)
    return str(info.service_user_identity.service_user_name)


def _works(world: ModalWorld, of: Object) -> bool:
    listed = world.call("rpc", "ServiceUserList").get("service_users", [])
    return of.outputs["token_id"] in {user["token_id"] for user in listed}


def test_a_token_works_until_the_rotation_after_its_own(
    workspace: ModalWorld, unique: str
) -> None:
    """Consumers have from one rotation to the next to take the new token."""
    first = workspace.servicer.create(USER, {"name": unique, "rotation": "1"})
    assert _who(workspace, first) == f"{unique}-g1"
    second = workspace.servicer.update(first, {"name": unique, "rotation": "2"})
    assert _who(workspace, second) == f"{unique}-g2"
    assert _who(workspace, first) == f"{unique}-g1"
    assert second.outputs["previous_token_id"] == first.outputs["token_id"]
    third = workspace.servicer.update(second, {"name": unique, "rotation": "3"})
    assert _who(workspace, second) == f"{unique}-g2"
    assert not _works(workspace, first)
    alone = {"name": unique, "rotation": "3", "overlap": False}
    third = workspace.servicer.update(third, alone)
    assert not _works(workspace, second)
    assert _who(workspace, third) == f"{unique}-g3"
    workspace.servicer.delete(third)
    assert not _works(workspace, third)


def test_a_token_is_ended_only_after_its_successor_was_accepted(
    workspace: ModalWorld, unique: str
) -> None:
    """Made, tried, given its roles; then, and only then, the one before goes."""
    inputs = {"environment_roles": {"main": "viewer"}, "overlap": False}
    first = workspace.servicer.create(USER, {"name": unique, **inputs})
    with workspace.recording() as calls:
        workspace.servicer.update(first, {"name": unique, **inputs, "rotation": "2"})
    steps = {"ServiceUserCreate", "TokenInfoGet", "EnvironmentRoleSet"}
    done = [c.path for c in calls if c.path in {*steps, "ServiceUserDelete"}]
    assert done[0] == "ServiceUserCreate"
    assert done[1] == "TokenInfoGet"
    assert done[-1] == "ServiceUserDelete"
    assert done.count("ServiceUserDelete") == 1


def test_a_token_that_is_gone_is_made_anew(workspace: ModalWorld, unique: str) -> None:
    """Where the newest generation was deleted, the one before does not stand in."""
    first = workspace.servicer.create(USER, {"name": unique, "rotation": "1"})
    inputs = {"name": unique, "rotation": "2"}
    second = workspace.servicer.update(first, inputs)
    gone = {"service_user_name": f"{unique}-g2"}
    workspace.call("rpc", "ServiceUserDelete", gone)
    live = workspace.servicer.read(second)
    assert live is not None
    assert workspace.servicer.diff(live, second.inputs) == (["token_works"], [])
    again = workspace.servicer.update(live, inputs)
    assert again.outputs["token_id"] != second.outputs["token_id"]
    assert _who(workspace, again) == f"{unique}-g2"


def test_no_token_is_ended_for_one_that_is_not_listed(
    workspace: ModalWorld, unique: str
) -> None:
    """It was deleted, or the list is old: told, and the one before goes on working."""
    first = workspace.servicer.create(USER, {"name": unique, "rotation": "1"})
    second = workspace.servicer.update(first, {"name": unique, "rotation": "2"})
    gone = {"service_user_name": f"{unique}-g2"}
    workspace.call("rpc", "ServiceUserDelete", gone)
    alone = {"name": unique, "rotation": "2", "overlap": False}
    with pytest.raises(CallError, match="its token is not listed; run again, after"):
        workspace.servicer.update(second, alone)
    assert _works(workspace, first)


def test_a_create_that_was_cut_short_is_finished(
    workspace: ModalWorld, unique: str
) -> None:
    """A user without roles, whose token nobody has, is taken over with a new one."""
    workspace.call("rpc", "ServiceUserCreate", {"name": f"{unique}-g1"})
    roles = {"environment_roles": {"main": "viewer"}}
    made = workspace.servicer.create(USER, {"name": unique, **roles})
    assert _who(workspace, made) == f"{unique}-g2"


def test_a_role_in_no_environment_is_one_sentence(
    workspace: ModalWorld, unique: str
) -> None:
    """It names the environment and the way out."""
    roles = {"environment_roles": {"nowhere": "viewer"}}
    with pytest.raises(CallError, match="there is no environment 'nowhere' to have"):
        workspace.servicer.create(USER, {"name": unique, **roles})


def test_roles_change_without_another_token(workspace: ModalWorld, unique: str) -> None:
    """Both tokens of an overlap have the same roles."""
    first = workspace.servicer.create(USER, {"name": unique, "rotation": "1"})
    second = workspace.servicer.update(first, {"name": unique, "rotation": "2"})
    roles = {"environment_roles": {"main": "viewer"}}
    third = workspace.servicer.update(
        second, {"name": unique, "rotation": "2", **roles}
    )
    assert third.outputs["token_id"] == second.outputs["token_id"]
    listed = workspace.call("rpc", "ServiceUserList")["service_users"]
    held = [u["environment_roles"] for u in listed if u["name"].startswith(unique)]
    assert [[role["role_str"] for role in roles] for roles in held] == [["viewer"]] * 2
