"""Deployments: model and wire are inverses, and preview costs no import of Prefect."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.kernel import differing
from components.kernel.check import check_properties
from components.prefect.deployment_model import (
    ConcurrencyOptions,
    DeploymentArgs,
    from_wire,
    limit_to_wire,
    to_wire,
)
from tests.unit.kernel.values import JSON_LISTS, JSON_OBJECTS
from tests.unit.test_flow import LABELS
from tests.unit.test_schedule import SCHEDULES, stored

TEXTS = st.none() | st.text(max_size=5)
LIMITS = st.sampled_from(
    [{}, {"concurrency_limit": 1}, {"global_concurrency_limit_id": uuid.UUID(int=7)}]
)
DEPLOYMENTS = st.builds(
    lambda limit, **fields: DeploymentArgs(**limit, **fields),
    LIMITS,
    flow_id=st.uuids(),
    name=st.from_regex(r"[^/%&><]{1,9}", fullmatch=True),
    entrypoint=TEXTS,
    path=TEXTS,
    pull_steps=JSON_LISTS,
    storage_document_id=st.none() | st.uuids(),
    version=TEXTS,
    description=TEXTS,
    tags=st.frozensets(st.text(max_size=5), max_size=3),
    labels=LABELS,
    paused=st.booleans(),
    schedules=SCHEDULES.map(tuple),
    parameters=JSON_OBJECTS,
    parameter_openapi_schema=st.sampled_from([{}, {"type": "object", "title": "P"}]),
    enforce_parameter_schema=st.booleans(),
    work_pool_name=st.just("pool"),
    work_queue_name=st.none() | st.sampled_from(["default", "fast"]),
    job_variables=JSON_OBJECTS,
    concurrency_options=st.none()
    | st.builds(
        ConcurrencyOptions,
        collision_strategy=st.sampled_from(["ENQUEUE", "CANCEL_NEW"]),
        grace_period_seconds=st.none() | st.integers(60, 86400),
    ),
)
ROOT = Path(__file__).parents[2]
# All that a check could import: every sort of schedule, and a schema to check by.
PREVIEW = """
import sys
from components.kernel.check import check_properties
from components.prefect.deployment_model import DeploymentArgs

checked = check_properties(DeploymentArgs, {
    "flow_id": "00000000-0000-0000-0000-000000000001",
    "name": "n",
    "schedules": [{"cron": "@daily"}, {"interval": 1}, {"rrule": "FREQ=DAILY"}],
    "parameter_openapi_schema": '{"type":"object","title":"P"}',
})
assert not checked[1], checked[1]
assert "prefect" not in sys.modules
"""


@given(DEPLOYMENTS)
def test_check_is_idempotent(args: DeploymentArgs) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(DeploymentArgs, args.to_properties())
    assert not failures
    assert check_properties(DeploymentArgs, checked) == (checked, [])


@given(DEPLOYMENTS, LABELS)
def test_a_deployment_is_read_back_as_it_was_written(
    args: DeploymentArgs, of_flow: dict[str, Any]
) -> None:
    """Through the server's normal forms, its linked limit and its flow's labels."""
    id_ = str(uuid.uuid4())
    inherited = {k: v for k, v in of_flow.items() if k not in args.labels}
    wire: dict[str, Any] = {
        **to_wire(args),
        "id": id_,
        "flow_id": str(args.flow_id),
        "name": args.name,
        "labels": {"prefect.flow.id": "f", **inherited, **args.labels},
        "schedules": stored(args.schedules),
        "concurrency_limit": None,
        "global_concurrency_limit": None,
    }
    limit = limit_to_wire(args)
    if args.concurrency_limit:
        own = {"id": str(uuid.uuid4()), "name": f"deployment:{id_}"}
        wire["global_concurrency_limit"] = {**own, "limit": limit["concurrency_limit"]}
    elif limit:
        linked = {"id": limit["global_concurrency_limit_id"], "name": "g", "limit": 9}
        wire["global_concurrency_limit"] = linked
    state = from_wire(wire, inherited)
    assert differing(state, args) == []


def test_a_preview_does_not_import_prefect() -> None:
    """Two seconds that a preview need not pay, with every sort of schedule in it."""
    subprocess.run([sys.executable, "-c", PREVIEW], cwd=ROOT, check=True, timeout=60)
