"""The traps of the account's kinds: what brings more along than was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.contract.samples.webhook import TEMPLATE
from tests.support.access_lists import EVERYBODY, somebody, write
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.contract.sample import Properties

ROLE = "prefect:WorkspaceRole"
TEAM = "prefect:Team"
HOOK = "prefect:Webhook"
POOL = "prefect:WorkPool"
POOL_ACCESS = "prefect:WorkPoolAccess"
SLA = "prefect:DeploymentSla"
SETTINGS = "prefect:AccountSettings"
ALLOWLIST = "prefect:IpAllowlist"
ELSEWHERE = {"ip_network": "203.0.113.0/24"}
HERE = {"ip_network": "127.0.0.0/8"}


@pytest.fixture
def account(worlds: Worlds) -> PrefectWorld:
    """Return an account that other tests use too."""
    return worlds.of("prefect:Team")


@pytest.fixture
def account_apart(worlds: Worlds) -> Iterator[PrefectWorld]:
    """Return an account of these tests' own, to be set as they like."""
    world = worlds.of(ALLOWLIST)
    yield world
    for singleton in (SETTINGS, ALLOWLIST):
        world.end(singleton)


@pytest.fixture
def workspace(worlds: Worlds) -> PrefectWorld:
    return worlds.of(HOOK)


def _user(account: PrefectWorld) -> str:
    (owner, *_) = account.call("POST", "/account_memberships/filter", {})
    return str(owner["user_id"])


def _sent(endpoint: str) -> int:
    """Send an event, and wait for the workspace's server if it must start first."""
    body = {"event": "e"}
    answer = httpx.post(endpoint, json=body, trust_env=False, timeout=60)
    return answer.status_code


def test_scopes_that_others_bring_along_make_no_diff(
    account: PrefectWorld, unique: str
) -> None:
    """Written or not, `see_blocks` comes with `manage_blocks`."""
    for scopes in (["manage_blocks"], ["manage_blocks", "see_blocks"]):
        wanted: Properties = {"name": unique, "scopes": scopes}
        made = account.servicer.create(ROLE, wanted)
        live = account.servicer.read(made)
        assert live is not None
        assert live.inputs["scopes"] == scopes
        assert "see_blocks" in live.outputs["effective_scopes"]
        account.servicer.delete(made)


def test_a_role_made_anew_is_known_by_its_new_id(
    account: PrefectWorld, workspace: PrefectWorld, unique: str
) -> None:
    """Accesses that name a role get the role of that name that there is now."""
    robot = account.make("prefect:ServiceAccount", {"name": unique})
    access = {
        **workspace.place,
        "accessor_type": "service_account",
        "accessor_id": robot.id,
        "role": unique,
    }
    for scopes in (["see_flows"], ["see_blocks"]):
        role = workspace.servicer.create(ROLE, {"name": unique, "scopes": scopes})
        given = workspace.servicer.create("prefect:WorkspaceAccess", access)
        live = workspace.servicer.read(given)
        assert live is not None
        assert live.inputs["role"] == unique
        workspace.servicer.delete(given)
        workspace.servicer.delete(role)


def test_a_role_in_use_is_kept_and_said_so(
    account: PrefectWorld, workspace: PrefectWorld, unique: str
) -> None:
    """Prefect refuses to delete it, in a sentence that names the role."""
    robot = account.make("prefect:ServiceAccount", {"name": unique})
    role = workspace.servicer.create(ROLE, {"name": unique})
    access = {
        **workspace.place,
        "accessor_type": "service_account",
        "accessor_id": robot.id,
        "role": unique,
    }
    given = workspace.servicer.create("prefect:WorkspaceAccess", access)
    with pytest.raises(CallError, match=f"delete workspace role '{unique}'.*in use"):
        workspace.servicer.delete(role)
    workspace.servicer.delete(given)


def test_a_team_that_a_crash_left_without_members_gets_them(
    account: PrefectWorld, unique: str
) -> None:
    """The team was made, its members never: the next run adds them to that team."""
    left = account.call("POST", "/teams", {"name": unique, "description": ""})
    wanted = {"name": unique, "user_ids": [_user(account)]}
    made = account.servicer.create(TEAM, wanted)
    assert made.id == left["id"]
    live = account.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_members_that_are_not_named_are_left_to_others(
    account: PrefectWorld, unique: str
) -> None:
    """A directory may fill the team: no diff, and no update takes anybody out."""
    made = account.servicer.create(TEAM, {"name": unique})
    member = {"member_id": _user(account), "member_type": "user"}
    path = f"/teams/{made.id}"
    account.call("PUT", f"{path}/members", {"members": [member]})
    live = account.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    account.servicer.update(live, {"name": unique, "description": "ours"})
    assert len(account.call("GET", path)["memberships"]) == 1


def test_a_members_end_is_drift_and_no_failure(
    account: PrefectWorld, unique: str
) -> None:
    """A service account that is gone has left its team; removing it does no harm."""
    robot = account.servicer.create("prefect:ServiceAccount", {"name": unique})
    wanted = {"name": unique, "service_account_ids": [robot.id]}
    made = account.servicer.create(TEAM, wanted)
    account.call("DELETE", f"/bots/{robot.id}")
    live = account.servicer.read(made)
    assert live is not None
    assert live.inputs["service_account_ids"] == []
    updated = account.servicer.update(made, {"name": unique, "service_account_ids": []})
    assert updated.inputs["service_account_ids"] == []


def test_a_removal_whose_answer_was_lost_is_a_removal(
    account: PrefectWorld, unique: str
) -> None:
    """The second DELETE finds nobody, which is what was asked for."""
    wanted = {"name": unique, "user_ids": [_user(account)]}
    made = account.servicer.create(TEAM, wanted)
    account.lose_one_answer(lambda call: call.method == "DELETE")
    account.servicer.update(made, {"name": unique, "user_ids": []})
    assert account.call("GET", f"/teams/{made.id}")["memberships"] == []


def test_a_webhooks_address_works_and_rotates(
    workspace: PrefectWorld, unique: str
) -> None:
    """The output is the address that takes events, and another one after a rotation."""
    wanted: Properties = {**workspace.place, "name": unique, "template": TEMPLATE}
    made = workspace.servicer.create(HOOK, wanted)
    assert _sent(made.outputs["endpoint"]) == 204
    rotated = workspace.servicer.update(made, {**wanted, "rotation": "2"})
    old, new = made.outputs["endpoint"], rotated.outputs["endpoint"]
    assert (_sent(old), _sent(new)) == (404, 204)
    workspace.call("POST", f"/webhooks/{made.id}/rotate")
    live = workspace.servicer.read(rotated)
    assert live is not None
    assert live.inputs == rotated.inputs
    assert live.outputs["endpoint"] not in {old, new}


def test_a_template_that_is_none_is_told_by_the_server(
    workspace: PrefectWorld, unique: str
) -> None:
    """Prefect's own words about the template reach the user."""
    wanted = {**workspace.place, "name": unique, "template": "{{ body"}
    with pytest.raises(CallError, match=r"create webhook .*not valid Jinja"):
        workspace.servicer.create(HOOK, wanted)


def test_an_access_list_must_name_somebody(
    workspace: PrefectWorld, unique: str
) -> None:
    """A list that keeps nobody out would be none, and never read back."""
    for allowed in ({}, {"manage_actor_ids": EVERYBODY}):
        wanted = {**workspace.place, "work_pool_name": unique, **allowed}
        failures = workspace.servicer.check(POOL_ACCESS, wanted).failures
        assert failures.keys() == {"manage_actor_ids"}
        assert "names nobody" in failures["manage_actor_ids"]


def test_an_access_list_made_meanwhile_is_not_overwritten(
    workspace: PrefectWorld, unique: str
) -> None:
    """A list that appeared after the list call was cached is found all the same."""
    for name in (unique, f"{unique}-2"):
        workspace.make(POOL, {"name": name, "type": "process"})
    ours = somebody(workspace, unique)
    first = {**workspace.place, "work_pool_name": unique, **ours}
    workspace.servicer.create(POOL_ACCESS, first)
    path = f"/work_pools/{unique}-2"
    theirs = {"manage_actor_ids": ours["manage_actor_ids"]}
    write(workspace, path, **theirs)
    with pytest.raises(CallError, match="already there and differs"):
        workspace.servicer.create(
            POOL_ACCESS, {**first, "work_pool_name": f"{unique}-2"}
        )
    shown = workspace.call("GET", f"{path}/access")
    assert shown["view_actors"] == []


def test_a_pools_list_does_not_outlive_the_pool(
    workspace: PrefectWorld, unique: str
) -> None:
    """A later pool of the same name is another one, and open."""
    pool = {"name": unique, "type": "process"}
    workspace.make(POOL, pool)
    wanted = {
        **workspace.place,
        "work_pool_name": unique,
        **somebody(workspace, unique),
    }
    made = workspace.servicer.create(POOL_ACCESS, wanted)
    workspace.call("DELETE", f"/work_pools/{unique}")
    assert workspace.servicer.read(made) is None
    workspace.call("POST", "/work_pools/", pool)
    assert workspace.servicer.read(made) is None
    again = workspace.another.create(POOL_ACCESS, wanted)
    assert again.id != made.id


def test_agreements_end_with_their_deployment(
    workspace: PrefectWorld, unique: str
) -> None:
    """What can be read is whether the deployment is there, and that is."""
    flow = workspace.make("prefect:Flow", {"name": unique})
    named = {"flow_id": flow.id, "name": unique}
    deployment = workspace.make("prefect:Deployment", named)
    wanted = {
        **workspace.place,
        "deployment_id": deployment.id,
        "slas": [{"name": "slow", "duration": 60}],
    }
    made = workspace.servicer.create(SLA, wanted)
    assert workspace.servicer.read(made) is not None
    workspace.call("DELETE", f"/deployments/{deployment.id}")
    assert workspace.servicer.read(made) is None


def test_settings_that_are_not_named_are_left_to_others(
    account_apart: PrefectWorld,
) -> None:
    """A foreign change of them is no diff, and no update of ours undoes it."""
    made = account_apart.servicer.create(SETTINGS, {"ai_log_summaries": True})
    account_apart.call("PATCH", "/settings", {"managed_execution": False})
    live = account_apart.servicer.read(made)
    assert live is not None
    assert live.inputs == {"ai_log_summaries": True}
    updated = account_apart.servicer.update(live, {"ai_log_summaries": False})
    account_apart.servicer.delete(updated)
    there = account_apart.call("GET", "/settings")
    assert (there["ai_log_summaries"], there["managed_execution"]) == (False, False)
    account_apart.call("PATCH", "/settings", {"managed_execution": True})


def test_a_list_that_would_lock_us_out_is_taken_back(
    account_apart: PrefectWorld,
) -> None:
    """Nothing is enforced, and the former list is back."""
    with pytest.raises(CallError, match=r"keep out the address .*127\.0\.0\.1"):
        account_apart.servicer.create(ALLOWLIST, {"entries": [ELSEWHERE]})
    assert account_apart.call("GET", "/ip_allowlist")["entries"] == []
    made = account_apart.servicer.create(ALLOWLIST, {"entries": [ELSEWHERE, HERE]})
    with pytest.raises(CallError, match="enforced=False"):
        account_apart.servicer.update(made, {"entries": [ELSEWHERE]})
    live = account_apart.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert account_apart.call("GET", "/settings")["enforce_ip_allowlist"] is True


def test_an_enforced_list_must_let_somebody_in(account_apart: PrefectWorld) -> None:
    """Found at preview, before anything is sent."""
    closed = {"entries": [{**HERE, "enabled": False}]}
    assert (
        "lets nobody in"
        in account_apart.servicer.check(ALLOWLIST, closed).failures["entries"]
    )
    open_ = {**closed, "enforced": False}
    assert account_apart.servicer.check(ALLOWLIST, open_).failures == {}
