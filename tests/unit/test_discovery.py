"""What a live workspace reads as, in a stack's config."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from components.discover.merge import merged, prefix_of
from components.kernel import ConfigurationError
from components.prefect.automation import AutomationState
from components.prefect.block import BlockState
from components.prefect.block_data import MASK
from components.prefect.block_type import BlockTypeState
from components.prefect.deployment_model import DeploymentState
from components.prefect.discovery import Live, Selection, describe
from components.prefect.flow import FlowState
from components.prefect.global_concurrency_limit import GlobalConcurrencyLimitState
from components.prefect.job_template import default_template
from components.prefect.schedule import Schedule, brief, named
from components.prefect.variable import VariableState
from components.prefect.work_pool import WorkPoolState
from components.prefect.work_queue import WorkQueueState

WHOLE = {"workspace": {"layout": "server"}}


def variable(name: str, value: Any = 1, **fields: Any) -> Live:
    state = VariableState(id=uuid.uuid4(), name=name, value=value, **fields)
    return Live("Variable", name, state, {})


def block(
    name: str, data: dict[str, Any], hidden: dict[str, Any] | None = None
) -> Live:
    state = BlockState(
        id=uuid.uuid4(),
        type_slug="thing",
        name=name,
        data=data,
        secrets=dict.fromkeys(hidden or {}, MASK) or None,
        updated="now",
    )
    wire = {"data": {**data, **(hidden or {})}, "block_document_references": {}}
    return Live("Block", f"thing/{name}", state, wire)


def block_type(slug: str, name: str) -> Live:
    state = BlockTypeState(id=uuid.uuid4(), slug=slug, name=name, fields={})
    return Live("BlockType", slug, state, {})


def pool(name: str, type_: str = "process", **fields: Any) -> Live:
    state = WorkPoolState(id=uuid.uuid4(), name=name, type=type_, **fields)
    return Live("WorkPool", name, state, {})


def queue(pool_name: str, name: str, priority: int, **fields: Any) -> Live:
    state = WorkQueueState(
        id=uuid.uuid4(),
        work_pool_name=pool_name,
        name=name,
        priority=priority,
        **fields,
    )
    return Live("WorkQueue", f"{pool_name}/{name}", state, {})


def flow(name: str, **fields: Any) -> Live:
    return Live("Flow", name, FlowState(id=uuid.uuid4(), name=name, **fields), {})


def deployment(of: Live, name: str, **fields: Any) -> Live:
    state = DeploymentState(id=uuid.uuid4(), flow_id=of.state.id, name=name, **fields)
    return Live("Deployment", f"{of.name}/{name}", state, {})


def automation(name: str, *actions: dict[str, Any], within: str = "") -> Live:
    trigger = {
        "type": "event",
        "posture": "Reactive",
        "match": {"prefect.resource.id": f"prefect.deployment.{within}"},
    }
    state = AutomationState(
        id=uuid.uuid4(), name=name, trigger=trigger, actions=[*actions]
    )
    return Live("Automation", name, state, {})


def settings(*found: Live, **how: Any) -> dict[str, Any]:
    result = describe(found, **how)
    assert result.left_out == []
    assert merged(WHOLE, result).keys() == WHOLE.keys() | result.settings.keys()
    return result.settings


def test_only_what_differs_from_the_defaults_is_written() -> None:
    """The config reads as if somebody had written it."""
    template = default_template("process")
    own = {"job_configuration": {"a": 1}, "variables": {"properties": {"b": {}}}}
    assert settings(
        variable("plain", {"a": [None]}),
        variable("tagged", None, tags=frozenset({"b", "a"})),
        pool("usual", base_job_template=template),
        pool("own", base_job_template=own, is_paused=True),
    ) == {
        "variables": {
            "plain": {"value": {"a": [None]}},
            "tagged": {"value": None, "tags": ["a", "b"]},
        },
        "work_pools": {
            "usual": {"pool": {"type": "process"}},
            "own": {
                "pool": {
                    "type": "process",
                    "base_job_template": own,
                    "is_paused": True,
                }
            },
        },
    }


def test_secrets_become_references_and_commands() -> None:
    """No secret is written, and the user is told which to set."""
    found = block("x", {"user": "u"}, {"password": MASK, "info": {"key": MASK}})
    result = describe([found])
    assert result.settings["blocks"]["x"] == {
        "type_slug": "thing",
        "data": {"user": "u"},
        "secrets": {
            "info": "${json_secrets.thing-x-info}",
            "password": "${secrets.thing-x-password}",
        },
    }
    assert [(s.command, s.is_json) for s in result.secrets] == [
        ("pulumi config set --secret thing-x-info", True),
        ("pulumi config set --secret thing-x-password", False),
    ]


def test_ids_become_references_to_what_is_described() -> None:
    """What refers to an object of the stack follows it; what else there is stays."""
    stranger = str(uuid.uuid4())
    one = flow("etl")
    shared = Live(
        "GlobalConcurrencyLimit",
        "shared",
        GlobalConcurrencyLimitState(id=uuid.uuid4(), name="shared", limit=1),
        {},
    )
    nightly = deployment(one, "nightly", global_concurrency_limit_id=shared.state.id)
    by = queue("p", "q", 1)
    described = settings(
        pool("p"),
        by,
        shared,
        one,
        nightly,
        automation(
            "stop",
            {"type": "pause-deployment", "deployment_id": nightly.id},
            {"type": "pause-work-queue", "work_queue_id": by.id},
            {"type": "pause-work-pool", "work_pool_id": stranger},
            within=nightly.id,
        ),
    )
    assert described["deployments"]["nightly"] == {
        "flow": "etl",
        "deployment": {"global_concurrency_limit_id": "${concurrency_limits.shared}"},
    }
    said = described["automations"]["stop"]
    assert said["trigger"]["match"] == {
        "prefect.resource.id": "prefect.deployment.${deployments.nightly}"
    }
    assert [one.popitem()[1] for one in said["actions"]] == [
        "${deployments.nightly}",
        "${work_queues.p/q}",
        stranger,
    ]


def test_a_block_comes_after_those_that_it_refers_to() -> None:
    """The program makes them in the order of the config."""
    last = block("z", {})
    refers = {"$ref": {"block_document_id": last.id}}
    blocks = settings(block("a", {"other": refers}), last)["blocks"]
    assert [*blocks] == ["z", "a"]
    reference = {"$ref": {"block_document_id": "${blocks.z}"}}
    assert blocks["a"]["data"] == {"other": reference}


def test_a_name_that_several_have_is_told_apart() -> None:
    """Deployments are named within their flow; a key has to name one of all."""
    one, two = flow("one"), flow("two", tags=frozenset({"t"}))
    described = settings(
        one, two, deployment(one, "prod"), deployment(two, "prod", paused=True)
    )
    assert described == {
        "flows": {"two": {"tags": ["t"]}},
        "deployments": {
            "one/prod": {"name": "prod", "flow": "one"},
            "two/prod": {
                "name": "prod",
                "flow": "two",
                "deployment": {"paused": True},
            },
        },
    }


def test_a_block_type_is_named_by_its_slug_unless_it_says_otherwise() -> None:
    """As its resource does."""
    usual, other = block_type("dump", "dump"), block_type("store", "Data store")
    assert settings(usual, other)["block_types"] == {
        "dump": {"fields": {}},
        "store": {"name": "Data store", "fields": {}},
    }


def test_active_schedules_are_kept_running() -> None:
    """Tier dev would switch them off, and so change what is taken over."""
    one = flow("one")
    ticking = deployment(one, "d", schedules=[Schedule(cron="0 9 * * *")])
    asleep = deployment(one, "e", schedules=[Schedule(interval=60, active=False)])
    described = settings(one, ticking, asleep)
    assert described["schedules"] == "on"
    entries = described["deployments"]
    assert entries["d"]["deployment"]["schedules"] == [{"cron": "0 9 * * *"}]
    assert "schedules" not in settings(one, asleep)


def test_queues_stand_below_their_pool_with_distinct_priorities() -> None:
    """Two that the server holds at one place are left where they are."""
    found = [pool("p"), queue("p", "a", 1), queue("p", "b", 2), queue("p", "c", 2)]
    assert settings(*found)["work_pools"]["p"]["queues"] == {
        "a": {"priority": 1},
        "b": {},
        "c": {},
    }


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([variable("a", "${secrets.b}")], "take for something else"),
        ([variable("a", {"secure": "v1:"})], "take for something else"),
        ([variable("a", [1.0])], "its value cannot be written"),
        ([variable("a", 2**70)], "its value cannot be written"),
        ([automation("")], "its name String should have at least 1"),
        ([automation("a"), automation("a")], "several have that name"),
        ([pool("p", base_job_template={"a": 1})], "needs an object"),
        ([queue("p", "q", 1)], "work pool"),
    ],
    ids=[
        "reference",
        "encrypted",
        "float",
        "huge",
        "nameless",
        "twice",
        "template",
        "orphan",
    ],
)
def test_what_cannot_be_described_is_left_out_with_the_reason(
    found: list[Live], why: str
) -> None:
    """Nothing is written that would mean something else."""
    result = describe(found)
    assert result.settings == {}
    assert len(result.left_out) == len(found)
    assert all(why in str(one) for one in result.left_out)


def test_a_selection_brings_what_it_cannot_be_without() -> None:
    """A queue needs its pool, and a deployment its flow."""
    one = flow("one", tags=frozenset({"t"}))
    found = [
        variable("v"),
        pool("p"),
        queue("p", "q", 1),
        one,
        deployment(one, "d"),
    ]
    only = settings(*found, selection=Selection(frozenset({"WorkQueue"})))
    assert [*only] == ["work_pools"]
    by_name = settings(*found, selection=Selection(names=("one/*",)))
    assert [*by_name] == ["flows", "deployments"]


def test_what_the_stack_has_is_referred_to_and_not_described_again() -> None:
    """A prefect.yaml may have made it; of a pool, only new queues are told."""
    one, known, full = flow("one"), pool("known"), pool("full")
    mine = deployment(one, "mine")
    found = [
        variable("v"),
        known,
        full,
        queue("full", "old", 1),
        new := queue("full", "new", 2),
        one,
        mine,
        hook := automation(
            "stop", {"type": "pause-deployment", "deployment_id": mine.id}
        ),
    ]
    managed = {live.id for live in found} - {new.id, hook.id}
    assert settings(*found, managed=managed) == {
        "work_pools": {
            "full": {"pool": {"type": "process"}, "queues": {"new": {"priority": 2}}}
        },
        "automations": {
            "stop": {
                "trigger": hook.state.trigger,
                "actions": [
                    {
                        "type": "pause-deployment",
                        "deployment_id": "${deployments.mine}",
                    }
                ],
            }
        },
    }


def test_keys_are_without_the_stacks_prefix() -> None:
    """And what has another's is not this stack's."""
    result = describe([variable("dev-a"), variable("b")], prefix="dev-")
    assert result.settings == {"variables": {"a": {"value": 1}}}
    assert [one.what for one in result.left_out] == ["Variable b"]


@pytest.mark.parametrize(
    ("workspace", "prefix"),
    [
        (None, ""),
        ({"layout": "own"}, ""),
        ({"layout": "shared"}, "dev-"),
        ({"layout": "shared", "prefix": ""}, ""),
        ({"layout": "own", "prefix": "x-"}, "x-"),
    ],
)
def test_the_prefix_is_the_programs(workspace: Any, prefix: str) -> None:
    """What the program would put before names is what discovery takes away."""
    assert prefix_of({"workspace": workspace}, "dev") == prefix


def test_schedules_are_brief_only_where_that_means_the_same() -> None:
    """Slugs that would be given anyway are left out, all others stay."""
    usual = named([Schedule(cron="0 9 * * *"), Schedule(interval=60)])
    assert brief(sorted(usual, key=lambda s: s.slug or "")) == [
        {"cron": "0 9 * * *"},
        {"interval": 60.0},
    ]
    own = named([Schedule(cron="0 9 * * *", slug="morning", day_or=False)])
    assert brief(own) == [{"cron": "0 9 * * *", "day_or": False, "slug": "morning"}]


def test_schedules_are_not_switched_on_behind_those_that_are_there() -> None:
    """In tier dev they rest, and another deployment's must not wake them."""
    one = flow("one")
    ticking = deployment(one, "d", schedules=[Schedule(cron="0 9 * * *")])
    there = {**WHOLE, "deployments": {"mine": {"flow": "one"}}}
    assert "schedules" not in merged(there, describe([one, ticking]))


def test_a_config_that_is_not_valid_is_not_added_to() -> None:
    """It is told what is wrong with it, by path."""
    with pytest.raises(ConfigurationError, match="work_poolz: is not a field"):
        merged({**WHOLE, "work_poolz": {}}, describe([]))
