"""Concurrency limits of both sorts: model and wire are inverses."""

from __future__ import annotations

import json
import uuid
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import canonical_json, differing
from components.kernel.check import check_properties
from components.prefect import global_concurrency_limit as named
from components.prefect import tag_concurrency_limit as tagged

NAMES = st.from_regex(r"[^/%&><]{1,9}", fullmatch=True).filter(
    lambda name: not name.startswith(tuple(named.RESERVED))
)
LIMITS = st.integers(0, 2**31 - 1)
GLOBAL = st.builds(
    named.GlobalConcurrencyLimitArgs,
    name=NAMES,
    limit=LIMITS,
    active=st.booleans(),
    slot_decay_per_second=st.floats(0, 1e6),
)
TAG = st.builds(tagged.TagConcurrencyLimitArgs, tag=NAMES, concurrency_limit=LIMITS)


@given(GLOBAL | TAG)
def test_check_is_idempotent(
    args: named.GlobalConcurrencyLimitArgs | tagged.TagConcurrencyLimitArgs,
) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(type(args), args.to_properties())
    assert not failures
    assert check_properties(type(args), checked) == (checked, [])


@given(GLOBAL)
def test_a_global_limit_is_read_back_as_it_was_written(
    args: named.GlobalConcurrencyLimitArgs,
) -> None:
    """The slots in use, which the server adds, are no part of it."""
    wire = json.loads(canonical_json(named.to_wire(args)))
    wire |= {"id": str(uuid.uuid4()), "active_slots": 2, "denied_slots": 1}
    kind = named.GlobalConcurrencyLimitKind()
    state = kind.parse(Mock(workspace_id=None), wire)
    assert differing(state, args) == []


@given(TAG)
def test_a_tags_limit_is_read_back_as_it_was_written(
    args: tagged.TagConcurrencyLimitArgs,
) -> None:
    """The task runs that hold it, which the server adds, are no part of it."""
    wire = {**tagged.to_wire(args), "id": str(uuid.uuid4()), "active_slots": ["x"]}
    state = tagged.TagConcurrencyLimitKind().parse(Mock(workspace_id=None), wire)
    assert differing(state, args) == []


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("tag:database", "a TagConcurrencyLimit"),
        (f"deployment:{uuid.UUID(int=0)}", "of a Deployment"),
    ],
)
def test_a_global_limit_cannot_be_somebody_elses(name: str, instead: str) -> None:
    """Names that stand for another kind's limit are refused, and that kind named."""
    given = {"name": name, "limit": 1}
    model = named.GlobalConcurrencyLimitArgs
    (failure,) = check_properties(model, given)[1]
    assert failure.path == "name"
    assert instead in failure.reason
