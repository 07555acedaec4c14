"""What a stack's config and the environment say of guardrails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.rules import NAMES
from policy.stack import Guardrails, GuardrailsError, Stack, read_exemptions
from policy.stack import read_guardrails as read


def given(**guardrails: Any) -> str:
    """Write a config key as the engine hands it over."""
    return json.dumps(guardrails)


def test_nothing_given_is_the_default() -> None:
    """A stack without a word of guardrails has them all, with their limits."""
    assert read(None, {}, NAMES) == Guardrails()


def test_an_exemption_is_of_a_rule_and_a_resource() -> None:
    """It takes what matches its pattern from that rule, and nothing else."""
    text = given(exempt={"pinned-code": {"hello/*": "the branch is checked by hand"}})
    stack = Stack(guardrails=read(text, {}, NAMES))
    assert stack.exempts("pinned-code", "hello/flow/one")
    assert not stack.exempts("pinned-code", "other/flow/one")
    assert not stack.exempts("pinned-images", "hello/flow/one")


def test_an_exemption_can_be_for_one_run() -> None:
    """The environment exempts without a trace in the config."""
    variables = {"FLOWGROUND_EXEMPT": "kept-data:old, owners:*"}
    stack = Stack(exempt_now=read_exemptions(variables, NAMES))
    assert stack.exempts("kept-data", "old")
    assert not stack.exempts("kept-data", "new")
    assert stack.exempts("owners", "anything")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (given(exempt={"pined-code": {"*": "why"}}), "no rule 'pined-code'"),
        (given(exempt={"pinned-code": {"*": ""}}), "exempt.pinned-code.*"),
        (given(limits={}), "limits"),
        (given(limit={"deletions": -1}), "deletions"),
        ("[]", "guardrails"),
    ],
)
def test_a_mistake_in_the_config_is_told(text: str, said: str) -> None:
    """A word that is not understood could be an exemption that is not one."""
    with pytest.raises(GuardrailsError) as told:
        read(text, {}, NAMES)
    assert said in str(told.value)


@pytest.mark.parametrize("text", ["kept-data", "kept-dat:old"])
def test_a_mistake_in_the_environment_is_told(text: str) -> None:
    """So is one in FLOWGROUND_EXEMPT."""
    with pytest.raises(GuardrailsError):
        read_exemptions({"FLOWGROUND_EXEMPT": text}, NAMES)


def test_the_environment_raises_a_limit_for_one_run() -> None:
    """It goes over the config, which keeps what it says of the other limit."""
    text = given(limit={"deletions": 2, "replacements": 3})
    limit = read(text, {"FLOWGROUND_MAX_DELETIONS": "40"}, NAMES).limit
    assert (limit.deletions, limit.replacements) == (40, 3)
