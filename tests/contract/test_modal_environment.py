"""The traps of Modal's environments: who has them, who may do what, what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.modal_world import MEMBER
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.contract.conftest import Worlds
    from tests.support.modal_world import ModalWorld

ENVIRONMENT = "modal:Environment"


@pytest.fixture
def workspace(worlds: Worlds) -> ModalWorld:
    """Return a whole workspace."""
    return worlds.of(ENVIRONMENT)


def _names(world: ModalWorld) -> list[str]:
    return [item["name"] for item in world.call("rpc", "EnvironmentList")["items"]]


def test_an_environment_is_not_deleted_with_what_it_holds(
    workspace: ModalWorld, unique: str
) -> None:
    """Whoever made it, a secret keeps its environment; force_destroy gives it up."""
    made = workspace.servicer.create(ENVIRONMENT, {"name": unique})
    secret = {"environment_name": unique, "deployment_name": "theirs"}
    create = {"object_creation_type": "OBJECT_CREATION_TYPE_CREATE_IF_MISSING"}
    workspace.call("rpc", "SecretGetOrCreate", {**secret, **create})
    workspace.call(
        "rpc", "VolumeGetOrCreate", {**secret, **create, "deployment_name": "v"}
    )
    with pytest.raises(CallError, match="it holds 1 secrets, 1 volumes; set force_"):
        workspace.servicer.delete(made)
    assert unique in _names(workspace)
    made = workspace.servicer.update(made, {"name": unique, "force_destroy": True})
    workspace.servicer.delete(made)
    assert unique not in _names(workspace)


def test_another_environment_of_the_old_name_is_not_deleted(
    workspace: ModalWorld, unique: str
) -> None:
    """A rename behind our back does not make us delete who has the name now."""
    made = workspace.servicer.create(ENVIRONMENT, {"name": unique})
    renamed = {"current_name": unique, "name": f"{unique}-theirs"}
    workspace.call("rpc", "EnvironmentUpdate", renamed)
    workspace.call("rpc", "EnvironmentCreate", {"name": unique})
    workspace.servicer.delete(made)
    assert unique in _names(workspace)
    assert f"{unique}-theirs" not in _names(workspace)


def test_a_web_suffix_is_modals_choice_unless_it_is_set(
    workspace: ModalWorld, unique: str
) -> None:
    """The suffix that Modal makes is no drift."""
    made = workspace.servicer.create(ENVIRONMENT, {"name": unique})
    live = workspace.servicer.read(made)
    assert live is not None
    assert "web_suffix" not in live.inputs
    assert live.inputs == made.inputs


def test_a_web_suffix_that_is_taken_is_one_sentence(
    workspace: ModalWorld, unique: str
) -> None:
    """It names the suffix, not the name, and leaves no environment half made."""
    inputs = {"name": unique, "web_suffix": ""}
    with pytest.raises(CallError, match="the web suffix '' is another environment's"):
        workspace.servicer.create(ENVIRONMENT, inputs)
    assert unique not in _names(workspace)


def test_an_empty_web_suffix_is_a_suffix(workspace: ModalWorld, unique: str) -> None:
    """It is not taken for none at all, as a creation takes it."""
    mains = {"current_name": "main", "web_suffix": "main"}
    workspace.call("rpc", "EnvironmentUpdate", mains)
    inputs = {"name": unique, "web_suffix": ""}
    made = workspace.servicer.create(ENVIRONMENT, inputs)
    live = workspace.servicer.read(made)
    workspace.servicer.delete(made)
    workspace.call("rpc", "EnvironmentUpdate", {**mains, "web_suffix": ""})
    assert live is not None
    assert live.inputs["web_suffix"] == ""


def test_a_role_of_members_needs_a_restricted_environment(
    workspace: ModalWorld, unique: str
) -> None:
    """It could never apply, which the first preview says."""
    inputs = {"name": unique, "default_member_role": "viewer"}
    failures = workspace.servicer.check(ENVIRONMENT, inputs).failures
    assert failures.keys() == {"default_member_role"}


def test_opening_and_restricting_happens_in_place(
    workspace: ModalWorld, unique: str
) -> None:
    """Which the SDK has no way to do, and what is in it would not survive otherwise."""
    made = workspace.servicer.create(ENVIRONMENT, {"name": unique})
    for inputs in (
        {"name": unique, "restricted": True, "default_member_role": "no-access"},
        {"name": unique, "restricted": True, "default_member_role": "contributor"},
        {"name": unique},
    ):
        made = workspace.servicer.update(made, inputs)
        live = workspace.servicer.read(made)
        assert live is not None
        assert live.inputs == made.inputs
        assert live.id == made.id


def _roles(world: ModalWorld, environment_id: str) -> dict[str, str]:
    """Return who was given which role in an environment."""
    where = {"environment_id": environment_id}
    told = world.call("rpc", "EnvironmentGetRoles", where)["principal_roles"]
    return {
        one.get("user_name") or one["service_user_name"]: one["role_str"]
        for one in told
        if one.get("has_role_assignment")
    }


def test_members_have_exactly_the_roles_they_are_given(
    workspace: ModalWorld, unique: str
) -> None:
    """A member who is not named loses theirs; a service user keeps its own."""
    restricted = {"name": unique, "restricted": True}
    made = workspace.servicer.create(ENVIRONMENT, restricted)
    bot = {"name": f"{unique}-bot", "environment_roles": {unique: "viewer"}}
    workspace.servicer.create("modal:ServiceUser", bot)
    ours = {f"{unique}-bot-g1": "viewer"}
    wanted = restricted | {"member_roles": {MEMBER: "contributor"}}
    made = workspace.servicer.update(made, wanted)
    assert _roles(workspace, made.id) == ours | {MEMBER: "contributor"}
    made = workspace.servicer.update(made, restricted | {"member_roles": {}})
    assert _roles(workspace, made.id) == ours


def test_roles_that_are_not_given_are_left_alone(
    workspace: ModalWorld, unique: str
) -> None:
    """Who assigns them in the dashboard is not overruled, nor shown as drift."""
    made = workspace.servicer.create(ENVIRONMENT, {"name": unique, "restricted": True})
    wanted = {"name": unique, "restricted": True, "member_roles": {MEMBER: "viewer"}}
    workspace.another.create(ENVIRONMENT, wanted | {"adopt": True})
    live = workspace.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    workspace.servicer.update(live, made.inputs | {"image_builder_version": "2024.10"})
    assert _roles(workspace, made.id) == {MEMBER: "viewer"}


def test_a_member_who_is_not_there_is_one_sentence(
    workspace: ModalWorld, unique: str
) -> None:
    """It names who is missing, and changes nobody's role."""
    inputs = {"name": unique, "restricted": True}
    made = workspace.servicer.create(ENVIRONMENT, inputs)
    roles = {MEMBER: "viewer", "nobody": "viewer"}
    with pytest.raises(CallError, match="the workspace has no member 'nobody' to"):
        workspace.servicer.update(made, inputs | {"member_roles": roles})
    assert _roles(workspace, made.id) == {}


def test_an_environment_that_holds_something_is_somebody_elses(
    workspace: ModalWorld, unique: str
) -> None:
    """Another stack of the same words takes it over only where it is told to."""
    workspace.servicer.create(ENVIRONMENT, {"name": unique})
    content = {"name": "theirs", "environment_name": unique}
    workspace.servicer.create("modal:Queue", content)
    with pytest.raises(CallError, match="already there and differs in contents"):
        workspace.another.create(ENVIRONMENT, {"name": unique})
    workspace.another.create(ENVIRONMENT, {"name": unique, "adopt": True})
