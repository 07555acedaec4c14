"""Work queues: model and wire are inverses."""

from __future__ import annotations

import uuid
from unittest.mock import Mock

from hypothesis import given
from hypothesis import strategies as st

from components.kernel import differing
from components.kernel.check import check_properties
from components.prefect.work_queue import WorkQueueArgs, WorkQueueKind, to_wire

NAMES = st.from_regex(r"[^/%&><]{1,9}", fullmatch=True)
QUEUES = st.builds(
    WorkQueueArgs,
    work_pool_name=NAMES,
    name=NAMES,
    description=st.text(max_size=5),
    is_paused=st.booleans(),
    concurrency_limit=st.none() | st.integers(0, 2**31 - 1),
    priority=st.none() | st.integers(1, 2**31 - 1),
)


@given(QUEUES)
def test_check_is_idempotent(args: WorkQueueArgs) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(WorkQueueArgs, args.to_properties())
    assert not failures
    assert check_properties(WorkQueueArgs, checked) == (checked, [])


@given(QUEUES, st.integers(1, 2**31 - 1))
def test_a_queue_is_read_back_as_it_was_written(
    args: WorkQueueArgs, chosen: int
) -> None:
    """All is the same but a priority that the server had to choose."""
    wire = {
        "priority": chosen,
        **to_wire(args),
        "id": str(uuid.uuid4()),
        "work_pool_name": args.work_pool_name,
    }
    state = WorkQueueKind().parse(Mock(workspace_id=None), wire)
    assert differing(state, args) == (["priority"] if args.priority is None else [])
