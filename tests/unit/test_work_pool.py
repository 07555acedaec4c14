"""Work pools: model and wire are inverses, and their templates are Prefect's own."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import canonical_json, differing
from components.kernel.check import check_properties
from components.prefect.job_template import default_template
from components.prefect.work_pool import (
    StorageConfiguration,
    WorkPoolArgs,
    WorkPoolKind,
    to_wire,
)
from tests.support.checkout import PYTHON, ROOT

if TYPE_CHECKING:
    from components.kernel.model import Properties

TEMPLATES = ROOT / "components" / "prefect" / "templates"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=2)
TEXT = st.text(max_size=5).filter(lambda text: "{{" not in text)
TEMPLATE = st.fixed_dictionaries(
    {
        "job_configuration": st.dictionaries(
            TEXT, st.sampled_from(["{{ size }}", 2**53 + 1, None, {}]), min_size=1
        ),
        "variables": st.fixed_dictionaries(
            {"properties": st.fixed_dictionaries({"size": OBJECTS})}
        ),
    }
)
POOLS = st.builds(
    WorkPoolArgs,
    name=st.from_regex(r"[^/%&><'\" ][^/%&><]{0,8}", fullmatch=True).filter(
        lambda name: not name.lower().startswith("prefect")
    ),
    type=st.sampled_from(["process", "docker", "somebody's"]),
    description=st.text(max_size=5),
    base_job_template=TEMPLATE,
    is_paused=st.booleans(),
    concurrency_limit=st.none() | st.integers(0, 2**31 - 1),
    storage_configuration=st.builds(
        StorageConfiguration,
        bundle_upload_step=st.none() | OBJECTS,
        bundle_execution_step=st.none() | OBJECTS,
        default_result_storage_block_id=st.none() | st.uuids(),
    ),
)


@given(POOLS)
def test_check_is_idempotent(args: WorkPoolArgs) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(WorkPoolArgs, args.to_properties())
    assert not failures
    assert checked == args.to_properties()
    assert check_properties(WorkPoolArgs, checked) == (checked, [])


@given(POOLS)
def test_a_pool_is_read_back_as_it_was_written(args: WorkPoolArgs) -> None:
    """What goes over the wire and back is the same, down to nulls and integers."""
    wire: dict[str, Any] = json.loads(canonical_json(to_wire(args)))
    state = WorkPoolKind().parse(
        Mock(workspace_id=None), {**wire, "id": str(uuid.uuid4())}
    )
    assert differing(state, args) == []


@pytest.mark.parametrize(
    "type_", sorted(file.stem.replace(".", ":") for file in TEMPLATES.iterdir())
)
@pytest.mark.parametrize("unknown", [(), ("description",)], ids=["known", "unknown"])
def test_a_pool_without_a_template_gets_its_types(
    type_: str, unknown: tuple[str, ...]
) -> None:
    """The default is part of the inputs, even while others are still unknown."""
    given = {"name": "pool", "type": type_}
    checked, failures = check_properties(WorkPoolArgs, given, unknown)
    assert not failures
    assert json.loads(checked["base_job_template"]) == default_template(type_)


def test_a_type_of_somebody_elses_keeps_its_template_to_itself() -> None:
    """What the worker of an unknown type stores is left alone, not called drift."""
    checked, failures = check_properties(
        WorkPoolArgs, {"name": "pool", "type": "../process"}
    )
    assert not failures
    assert "base_job_template" not in checked


@pytest.mark.parametrize("type_", ["acme:push", "acme:managed"])
def test_a_type_that_only_cloud_knows_must_bring_its_template(type_: str) -> None:
    """A push pool without a template could run nothing: the preview says so."""
    given: Properties = {"name": "pool", "type": type_}
    (failure,) = check_properties(WorkPoolArgs, given)[1]
    assert failure.path == "base_job_template"
    assert f"get-default-base-job-template --type {type_}" in failure.reason
    assert check_properties(WorkPoolArgs, given, {"base_job_template"})[1] == []


def test_every_fault_of_a_template_has_its_own_path() -> None:
    """Each undeclared variable is named where it is used, all at once."""
    template = {
        "job_configuration": {
            "image": "{{ image }}:{{tag}}",
            "env": {"{{ key }}": ["{{ size }}", "{{ ctx.flow_run.id }}"]},
            "{{ top }}": 1,
        },
        "variables": {"properties": {"image": {}, "size": {}}},
    }
    given = {"name": "pool", "type": "docker", "base_job_template": template}
    failures = dict(check_properties(WorkPoolArgs, given)[1])
    within = "base_job_template.job_configuration"
    assert failures.keys() == {
        f"{within}.image",
        f"{within}.env.{{{{ key }}}}",
        f"{within}.env.{{{{ key }}}}[1]",
    }
    assert "'{{ tag }}', which variables.properties" in failures[f"{within}.image"]


@pytest.mark.parametrize(
    ("template", "missing"),
    [
        ({}, {"job_configuration", "variables"}),
        ({"job_configuration": {"a": 1}}, {"variables"}),
        ({"job_configuration": [1], "variables": {"a": 1}}, {"job_configuration"}),
        ({"job_configuration": {}, "variables": {"a": 1}}, {"job_configuration"}),
    ],
)
def test_a_template_needs_both_halves(template: Any, missing: set[str]) -> None:
    """Half a template is refused, and the way out is named."""
    given = {"name": "pool", "type": "docker", "base_job_template": template}
    reasons = [failure.reason for failure in check_properties(WorkPoolArgs, given)[1]]
    assert {name for name in missing if any(f"'{name}'" in r for r in reasons)} == (
        missing
    )
    assert len(reasons) == len(missing)


@pytest.mark.parametrize("name", ["Prefect-pool", "PREFECT", " ' ", "", "a/b", "50%"])
def test_names_that_prefect_refuses_are_refused_at_preview(name: str) -> None:
    """Reserved, empty and unquotable names do not wait for the update to fail."""
    (failure,) = check_properties(WorkPoolArgs, {"name": name, "type": "process"})[1]
    assert failure.path == "name"


def test_the_templates_are_what_the_pinned_prefect_brings(tmp_path: Path) -> None:
    """Moving to another Prefect without generating the templates anew fails here."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    subprocess.run(
        [PYTHON, "-m", "tools.job_templates", tmp_path],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        timeout=120,
        env={**env, "PREFECT_HOME": str(tmp_path / "home"), "DO_NOT_TRACK": "1"},
    )
    generated = {file.name: file.read_text() for file in tmp_path.glob("*.json")}
    assert generated
    assert generated == {file.name: file.read_text() for file in TEMPLATES.iterdir()}
