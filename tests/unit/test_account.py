"""The account's kinds: what is written reads back, and means what it says."""

from __future__ import annotations

import ipaddress
import json
import uuid
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import RefusedError, canonical_json
from components.kernel.check import check_properties
from components.prefect import account_settings, deployment_sla, ip_allowlist
from components.prefect import team as teams
from components.prefect import webhook as webhooks
from components.prefect import workspace_role as roles
from components.prefect.account_member import AccountMemberArgs, AccountMemberLookup
from components.prefect.block_access import BlockAccessArgs, BlockAccessKind
from components.prefect.deployment_access import (
    DeploymentAccessArgs,
    DeploymentAccessKind,
)
from components.prefect.work_pool_access import WorkPoolAccessArgs, WorkPoolAccessKind

if TYPE_CHECKING:
    from components.kernel import Args

NAMES = st.text(min_size=1, max_size=9)
IDS = st.frozensets(st.uuids(), max_size=3)
SCOPES = st.frozensets(st.sampled_from("abcdef"))
ROLES = st.builds(
    roles.WorkspaceRoleArgs,
    name=NAMES,
    description=st.text(),
    scopes=SCOPES,
    inherited_role=st.none() | NAMES,
)
TEAMS = st.builds(
    teams.TeamArgs,
    name=NAMES,
    description=st.text(),
    user_ids=st.none() | IDS,
    service_account_ids=st.none() | IDS,
)
WEBHOOKS = st.builds(
    webhooks.WebhookArgs,
    name=NAMES,
    template=NAMES,
    description=st.text(),
    enabled=st.booleans(),
    service_account_id=st.none() | st.uuids(),
    rotation=st.text(),
)
SETTINGS = st.builds(
    account_settings.AccountSettingsArgs, ai_log_summaries=st.booleans()
)
ACTORS = st.frozensets(st.uuids().map(str) | st.just("*"), max_size=3)
TEAM_IDS = IDS.map(lambda ids: frozenset(str(id_) for id_ in ids))
MANAGERS = st.frozensets(st.uuids().map(str), min_size=1, max_size=3)
LISTED = {
    "manage_actor_ids": MANAGERS,
    "manage_team_ids": TEAM_IDS,
    "view_actor_ids": ACTORS,
    "view_team_ids": TEAM_IDS,
}
RUN = {"run_actor_ids": ACTORS, "run_team_ids": TEAM_IDS}
DEPLOYMENT_ACCESS = st.builds(
    DeploymentAccessArgs, deployment_id=st.uuids(), **LISTED, **RUN
)
POOL_ACCESS = st.builds(WorkPoolAccessArgs, work_pool_name=NAMES, **LISTED, **RUN)
BLOCK_ACCESS = st.builds(BlockAccessArgs, block_id=st.uuids(), **LISTED)
ENTRIES = st.lists(
    st.builds(
        ip_allowlist.IpAllowlistEntry,
        ip_network=st.ip_addresses().map(str),
        enabled=st.booleans(),
        description=st.text(),
    ),
    max_size=3,
    unique_by=lambda entry: entry.ip_network,
).map(tuple)
ALLOWLISTS = st.builds(
    ip_allowlist.IpAllowlistArgs, entries=ENTRIES, enforced=st.just(False)
)
SORTS: tuple[dict[str, Any], ...] = (
    {"duration": 1},
    {"stale_after": 2},
    {"within": 3},
    {"within": 4, "expected_event": "e", "resource_match": {"label": None}},
)
SLAS = st.builds(
    deployment_sla.DeploymentSlaArgs,
    deployment_id=st.uuids(),
    slas=st.lists(
        st.builds(
            lambda name, sort: {"name": name, **sort}, NAMES, st.sampled_from(SORTS)
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda sla: sla["name"],
    ),
)


@given(
    st.one_of(
        ROLES,
        TEAMS,
        WEBHOOKS,
        SETTINGS,
        DEPLOYMENT_ACCESS,
        POOL_ACCESS,
        BLOCK_ACCESS,
        ALLOWLISTS,
        SLAS,
    )
)
def test_check_is_idempotent(args: Args) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(type(args), args.to_properties())
    assert not failures
    assert check_properties(type(args), checked) == (checked, [])


def _wire(written: Any) -> dict[str, Any]:
    return {**json.loads(canonical_json(written)), "id": str(uuid.uuid4())}


@given(WEBHOOKS)
def test_a_webhook_reads_back_as_it_was_written(args: webhooks.WebhookArgs) -> None:
    """Its address stands at the host of the API, beside it."""
    api = Mock(workspace_id=None, cloud=Mock(scope="https://cloud.test/api"))
    wire = _wire(webhooks.to_wire(args)) | {"slug": "s"}
    state = webhooks.WebhookKind().parse(api, wire)
    assert webhooks.to_wire(state) == webhooks.to_wire(args)
    assert state.endpoint == "https://cloud.test/hooks/s"


@given(ALLOWLISTS)
def test_an_allowlist_reads_back_as_it_was_written(
    args: ip_allowlist.IpAllowlistArgs,
) -> None:
    """In whatever order the server has its entries."""
    wire = _wire(ip_allowlist.to_wire(args)) | {"enforced": args.enforced}
    wire["entries"].reverse()
    state = ip_allowlist.IpAllowlistKind().parse(Mock(), wire)
    assert (
        ip_allowlist.IpAllowlistArgs(entries=state.entries, enforced=state.enforced)
        == args
    )


@given(DEPLOYMENT_ACCESS | POOL_ACCESS | BLOCK_ACCESS)
def test_an_access_list_reads_back_as_it_was_written(args: Any) -> None:
    """Actors and teams come back in one list, told apart by their type."""
    kind: Any = {
        DeploymentAccessArgs: DeploymentAccessKind,
        WorkPoolAccessArgs: WorkPoolAccessKind,
        BlockAccessArgs: BlockAccessKind,
    }[type(args)]()
    written = args.model_dump(mode="json")
    (key,) = kind.key
    id_ = str(uuid.uuid4()) if key == "work_pool_name" else written[key]
    shown = {
        f"{level}_actors": [
            {"id": actor, "type": "*" if actor == "*" else "user"}
            for actor in written[f"{level}_actor_ids"]
        ]
        + [{"id": team, "type": "team"} for team in written[f"{level}_team_ids"]]
        for level in kind.levels
    }
    wire = {"id": id_, "name": written[key], "access": shown}
    state = kind.parse(Mock(workspace_id=None), wire)
    assert state.model_dump(include=set(written)) == args.model_dump()


@given(st.dictionaries(st.sampled_from("abcdef"), SCOPES), SCOPES)
def test_the_fewest_scopes_stand_for_all(
    direct: dict[str, frozenset[str]], wanted: frozenset[str]
) -> None:
    """Whatever a scope brings along: nothing is lost, and no part can be left out."""
    # As the server has it: what comes along is complete, and runs in no circle.
    brings = {a: {b for b in direct.get(a, ()) if b > a} for a in "fedcba"}
    for a in "fedcba":
        brings[a] |= {c for b in brings[a] for c in brings[b]}

    def all_of(scopes: set[str]) -> set[str]:
        return scopes | {b for a in scopes for b in brings[a]}

    everything = all_of(set(wanted))
    fewest = roles.fewest(everything, brings)
    assert all_of(fewest) == everything
    assert all(all_of(fewest - {one}) < everything for one in fewest)
    # A rule of `recall`: what lies between the two comes to the same.
    assert fewest <= wanted <= everything


@pytest.mark.parametrize(
    ("slas", "why"),
    [
        ([], "has no agreement"),
        (
            [{"name": "a", "duration": 1}, {"name": "a", "within": 1}],
            "two are called 'a'",
        ),
        ([{"name": "a"}], "has none of duration, stale_after, within"),
        ([{"name": "a", "duration": 1, "within": 1}], "has duration and within"),
        ([{"name": "a", "duration": 1, "expected_event": "e"}], "which only within"),
        ([{"name": "a", "duration": 0}], "greater than 0"),
    ],
)
def test_what_is_no_agreement_is_refused(slas: list[Any], why: str) -> None:
    """At preview, with the way out."""
    given_ = {"deployment_id": str(uuid.uuid4()), "slas": slas}
    _, failures = check_properties(deployment_sla.DeploymentSlaArgs, given_)
    assert [why in failure.reason for failure in failures] == [True]


@given(st.ip_addresses(), st.integers(1, 31))
def test_a_network_is_told_from_an_address_in_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int
) -> None:
    """A network is taken in its one form, and one with host bits is refused."""
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    fields = {"entries": [{"ip_network": f"{address}/{prefix}"}]}
    checked, failures = check_properties(ip_allowlist.IpAllowlistArgs, fields)
    if address == network.network_address:
        assert checked["entries"][0]["ip_network"] == str(network)
    else:
        assert [failure.path for failure in failures] == ["entries[0].ip_network"]
        assert "write an address such as" in failures[0].reason


def test_what_is_looked_up_is_never_made() -> None:
    """A member can be found, and a stack that would make one is told the way out."""
    kind, args = AccountMemberLookup(), AccountMemberArgs(email="A@x.test")
    assert args.email == "a@x.test"
    for attempt in (
        lambda: kind.create(Mock(), args),
        lambda: kind.update(Mock(), Mock(), args),
        lambda: kind.delete(Mock(), Mock()),
    ):
        with pytest.raises(RefusedError, match="account members can only be looked up"):
            attempt()
