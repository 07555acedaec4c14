"""`${group.name}` in a stack's config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.kernel import ConfigurationError
from components.kernel.references import reference, refers, resolve
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from components.kernel.references import Lookup

POOLS = {"default": "pool-1", "a/b.c -d_2": "pool-2"}
GROUPS: dict[str, Lookup] = {
    "work_pools": POOLS.get,
    "secrets": {"empty": "", "token": "t"}.get,
    "json_secrets": {"token": "{}"}.get,
}


@pytest.mark.parametrize(
    "value",
    [
        "${work_pools.default}",
        "to ${work_pools.default} and on",
        ["a", "${work_pools.default}"],
        ("${no_group.x}",),
        {"a": {"b": ["${work_pools.default}"]}},
        "${a.B-2 /._}",
    ],
)
def test_a_reference_is_seen_at_any_depth(value: Any) -> None:
    """In text, lists and mappings, whether or not there is such a thing."""
    assert refers(value)


@pytest.mark.parametrize(
    "value",
    [
        "work_pools.default",
        "${HOME}",
        "${work_pools}",
        "${Work.default}",
        "${work_pools.}",
        "{work_pools.default}",
        "$work_pools.default",
        {"${work_pools.default}": 1},
        ["a", None, 1, 1.5, True],
        7,
        None,
    ],
    ids=str,
)
def test_what_is_no_reference_is_left_alone(value: Any) -> None:
    """A shell's variable, or the service's own template."""
    assert refers(value) is False
    assert resolve(value, GROUPS, "x") == value


def test_only_some_groups_may_count() -> None:
    """At any depth, and wherever in the text."""
    value = {"a": ["${work_pools.x} ${secrets.y}", ("none",)]}
    assert refers(value, ["secrets"])
    assert refers(value, {"work_pools"})
    assert not refers(value, ["blocks"])
    assert not refers(value, [])


def test_a_reference_can_be_written() -> None:
    """And read again, unless the name is none that can stand in one."""
    written = reference("work_pools", "a/b.c -d_2")
    assert written == "${work_pools.a/b.c -d_2}"
    assert resolve(written, GROUPS, "x") == "pool-2"
    assert reference("work_pools", "a}b") is None
    assert reference("work_pools", "") is None


def test_a_whole_text_becomes_what_it_refers_to() -> None:
    """As it is: an output stays an output, a mapping a mapping."""
    meant = pulumi.ResourceOptions()
    groups: dict[str, Lookup] = {"things": {"one": meant}.get}
    assert resolve("${things.one}", groups, "x") is meant
    assert resolve("${work_pools.a/b.c -d_2}", GROUPS, "x") == "pool-2"


def test_references_are_resolved_at_any_depth() -> None:
    """Everything around them stays, and lists stay lists."""
    assert resolve(
        {"a": [1, "${work_pools.default}", None], "b": ("${secrets.token}", {})},
        GROUPS,
        "x",
    ) == {"a": [1, "pool-1", None], "b": ["t", {}]}


def test_a_reference_inside_a_text_is_put_into_it() -> None:
    """Outputs too; what refers to no known group stays as written."""

    def program() -> dict[str, Any]:
        groups = {**GROUPS, "later": lambda _: pulumi.Output.from_input("out")}
        texts = {
            "middle": "to ${work_pools.default}!",
            "two": "${secrets.token}${work_pools.default}",
            "output": "an ${later.x}",
            "foreign": "${shell.x} and ${secrets.token} ${HOME}",
        }
        return {name: resolve(text, groups, "x") for name, text in texts.items()}

    assert run(program).outputs == {
        "middle": "to pool-1!",
        "two": "tpool-1",
        "output": "an out",
        "foreign": "${shell.x} and t ${HOME}",
    }


@pytest.mark.parametrize(
    ("value", "where", "what", "way_out"),
    [
        (
            {"deployments": [{"work_pool": "${work_pools.fast}"}]},
            "flowground:prefect.deployments[0].work_pool",
            "work_pools.fast",
            "add it under work_pools, above this, or correct the name",
        ),
        (
            {"data": "${json_secrets.key}"},
            "flowground:prefect.data",
            "json_secrets.key",
            "set it with `pulumi config set --secret key`",
        ),
        (
            ["", "a ${secrets.key} b"],
            "flowground:prefect[1]",
            "secrets.key",
            "set it with `pulumi config set --secret key`",
        ),
    ],
    ids=["a part", "a JSON secret", "a secret"],
)
def test_a_reference_to_nothing_is_told_where_it_stands(
    value: Any, where: str, what: str, way_out: str
) -> None:
    """One sentence, with the path in the config and the way out."""
    with pytest.raises(ConfigurationError) as told:
        resolve(value, GROUPS, "flowground:prefect")
    assert str(told.value) == (
        f"{where}: refers to {what}, which this stack does not have; {way_out}"
    )
