"""Flows: model and wire are inverses."""

from __future__ import annotations

import uuid
from typing import Any
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from components.kernel import differing
from components.kernel.check import check_properties
from components.prefect.flow import FlowArgs, FlowKind, to_wire

LABELS = st.dictionaries(
    st.text(max_size=5).filter(lambda key: not key.startswith("prefect.")),
    st.text(max_size=5)
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False),
    max_size=3,
)
FLOWS = st.builds(
    FlowArgs,
    name=st.from_regex(r"[^/%&><]{1,9}", fullmatch=True),
    tags=st.frozensets(st.text(max_size=5), max_size=3),
    labels=LABELS,
    force_destroy=st.booleans(),
)


@given(FLOWS)
def test_check_is_idempotent(args: FlowArgs) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(FlowArgs, args.to_properties())
    assert not failures
    assert check_properties(FlowArgs, checked) == (checked, [])


@given(FLOWS, st.booleans())
def test_a_flow_is_read_back_as_it_was_written(
    args: FlowArgs,
    labelled: bool,  # hypothesis gives it
) -> None:
    """Tags in any order, labels of the server's own, or null for none of them."""
    wire: dict[str, Any] = {**to_wire(args), "id": str(uuid.uuid4())}
    wire["tags"] = [*reversed(wire["tags"]), *wire["tags"]]
    if labelled or args.labels:
        wire["labels"] = {"prefect.x": "y", **args.labels}
    else:
        wire["labels"] = None
    state = FlowKind().parse(Mock(workspace_id=None), wire)
    assert differing(state, args) == (["force_destroy"] if args.force_destroy else [])
