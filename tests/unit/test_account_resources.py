"""The account's objects, and lookups, as a program writes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from components.prefect import (
    AccountSettings,
    Block,
    BlockAccess,
    Deployment,
    DeploymentAccess,
    DeploymentSla,
    IpAllowlist,
    IpAllowlistEntry,
    ServiceAccount,
    Sla,
    Team,
    Webhook,
    WorkPool,
    WorkPoolAccess,
    Workspace,
    WorkspaceRole,
    get_account,
    get_block,
    get_deployment,
    get_member,
    get_team,
    get_variable,
    get_work_pool,
    get_workspace,
    get_workspace_role,
)
from tests.unit.kernel.program import run

LOOKUP = "__lookup"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "account.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def test_the_names_are_the_resources_unless_given() -> None:
    """A program says each name once."""

    def program() -> None:
        WorkspaceRole("release", scopes={"see_flows", "manage_blocks"})
        Team("data")
        Webhook("hook", template="{}")
        Webhook("other", name="another", template="{}")

    made = run(program)
    for name in ("release", "data", "hook"):
        assert made[name].inputs["name"] == name
    assert made["other"].inputs["name"] == "another"
    assert made["release"].inputs["scopes"] == ["manage_blocks", "see_flows"]
    assert "user_ids" not in made["data"].inputs


def test_what_is_shared_is_given_itself_or_by_its_id() -> None:
    """Lists, agreements and webhooks take a resource, or what names it."""

    def program() -> None:
        robot = ServiceAccount("robot")
        deployment = Deployment("d", flow="a-flow")
        block = Block("b", type_slug="secret")
        Team("data", service_account_ids=[robot.id])
        Webhook("hook", template="{}", service_account=robot)
        DeploymentAccess("da", deployment=deployment, run_actor_ids=["*"])
        WorkPoolAccess("pa", work_pool=WorkPool("pool", type="process"))
        BlockAccess("ba", block=block)
        BlockAccess("theirs", block="an-id")
        slas = [Sla(name="slow", duration=60), {"name": "late", "within": 9}]
        DeploymentSla("slas", deployment=deployment, slas=slas)

    made = run(program)
    robot = made["data"].inputs["service_account_ids"]
    assert robot == [made["hook"].inputs["service_account_id"]]
    deployment = made["da"].inputs["deployment_id"]
    assert made["slas"].inputs["deployment_id"] == deployment
    assert made["pa"].inputs["work_pool_name"] == "pool"
    assert made["ba"].inputs["block_id"] != made["theirs"].inputs["block_id"] == "an-id"
    assert [sla["name"] for sla in made["slas"].inputs["slas"]] == ["slow", "late"]


def test_what_there_is_one_of_needs_no_name() -> None:
    """Settings that are not given are not sent."""

    def program() -> None:
        AccountSettings("settings", managed_execution=False)
        IpAllowlist("allowlist", entries=[IpAllowlistEntry(ip_network="192.0.2.1")])

    made = run(program)
    given = {k: v for k, v in made["settings"].inputs.items() if k[:2] != "__"}
    assert given == {"managed_execution": False}
    (entry,) = made["allowlist"].inputs["entries"]
    assert entry["ip_network"] == "192.0.2.1/32"


@pytest.mark.parametrize(
    ("look_up", "id_", "asked"),
    [
        (lambda: get_account("x"), "x", {}),
        (lambda: get_workspace("x", handle="h"), "h", {"handle": "h"}),
        (lambda: get_member("x", email="a@b"), "a@b", {"email": "a@b"}),
        (lambda: get_team("x", name="n"), "n", {"name": "n"}),
        (lambda: get_workspace_role("x", name="Owner"), "Owner", {"name": "Owner"}),
        (
            lambda: get_work_pool("x", name="n", workspace="w"),
            "n",
            {"name": "n", "workspace_id": "w"},
        ),
        (lambda: get_variable("x", name="n"), "n", {"name": "n"}),
        (
            lambda: get_block("x", type_slug="secret", name="n"),
            "secret/n",
            {"type_slug": "secret", "name": "n"},
        ),
    ],
)
def test_a_lookup_asks_by_name(look_up: Any, id_: str, asked: dict[str, str]) -> None:
    """By the key of its kind, in the workspace that is given, and nothing else."""

    def program() -> None:
        look_up()

    found = run(program)["x"]
    assert found.id == id_
    given = {k: v for k, v in found.inputs.items() if k[:2] != "__"}
    assert given == asked
    assert found.inputs[LOOKUP] is True


def test_a_deployment_is_looked_up_through_its_flow() -> None:
    """Users know it as `flow/deployment`; the API, by the flow's id."""

    def program() -> None:
        space = Workspace("space")
        get_deployment("d", flow_name="f", name="n", workspace=space)

    made = run(program, respond=lambda _: {"__id": "an-id"})
    flow, deployment = made["d-flow"], made["d"]
    assert flow.inputs["name"] == "f"
    assert deployment.inputs["name"] == "n"
    assert deployment.inputs["flow_id"] == "an-id"
    assert flow.inputs["workspace_id"] == deployment.inputs["workspace_id"]


def test_the_guides_programs_are_programs() -> None:
    """What users copy from the guide declares what it says."""

    def program() -> None:
        for text in PROGRAMS:
            exec(compile(text, GUIDE.name, "exec"), {})  # noqa: S102  # our own guide

    made = run(program, respond=lambda _: {"__id": "an-id", "api_key": "a-key"})
    assert made["data-in-prod"].inputs["role"] == "releaser"
    assert made["data"].inputs["service_account_ids"] == ["ci-id"]
    assert [sla["name"] for sla in made["nightly-slas"].inputs["slas"]] == [
        "slow",
        "late",
    ]
    assert len(made["offices"].inputs["entries"]) == 2
