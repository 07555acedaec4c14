"""Work whose results the state keeps: done when its inputs change, and only then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.rpc import is_rpc_secret

import components.prefect  # noqa: F401  # registers its tasks
from components.kernel.dynamic import ProviderError
from components.kernel.task import TaskProvider, load
from components.prefect.project.steps import ProjectSteps, ProjectStepsTask

if TYPE_CHECKING:
    from pathlib import Path

SHELL = "prefect.deployments.steps.run_shell_script"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> TaskProvider:
    """Return the provider of project steps, on a server that none of them needs."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    return load("prefect:ProjectSteps")


def inputs(folder: Path, **step: Any) -> dict[str, Any]:
    return {
        "steps": json.dumps([{SHELL: {"id": "one", **step}}]),
        "folder": str(folder),
        "digest": "0",
    }


def test_the_state_abi_is_a_token(provider: TaskProvider) -> None:
    """State holds no code of a task, only its name."""
    function, arguments = provider.__reduce__()
    assert (function.__module__, function.__qualname__) == (
        "components.kernel.task",
        "load",
    )
    assert arguments == ("prefect:ProjectSteps",)
    assert len(serialize_provider(provider)) < 150
    assert ProjectSteps.task is ProjectStepsTask


def test_the_work_is_done_where_the_project_is(
    provider: TaskProvider, tmp_path: Path
) -> None:
    """Results come back by the step's id; what is no input of ours is not kept."""
    given = inputs(tmp_path, script="pwd")
    made = provider.create({**given, "__provider": "pickle"})
    assert made.outs is not None
    results = json.loads(made.outs.pop("outputs"))
    assert made.outs == given
    assert results["one"]["stdout"] == str(tmp_path)
    again = provider.update(made.id, made.outs, inputs(tmp_path, script="echo 2"))
    assert again.outs is not None
    assert json.loads(again.outs["outputs"])["one"]["stdout"] == "2"


def test_a_read_finds_what_the_state_has(
    provider: TaskProvider, tmp_path: Path
) -> None:
    """A refresh neither does the work again nor sees a change."""
    given = inputs(tmp_path, script="x")
    found = provider.read("id", {**given, "outputs": "{}"})
    assert found.outs == {**given, "outputs": "{}"}
    assert found.inputs == given


def test_results_of_steps_that_know_a_secret_are_sealed(
    provider: TaskProvider, tmp_path: Path
) -> None:
    """What a step was given of a block may be in what it says."""
    given = inputs(tmp_path, script="x", env={"A": "{{ prefect.blocks.secret.a }}"})
    found = provider.read("id", {**given, "outputs": "{}"})
    assert found.outs is not None
    assert is_rpc_secret(found.outs["outputs"])


def test_a_failure_is_one_sentence_with_what_the_step_said(
    provider: TaskProvider, tmp_path: Path
) -> None:
    """Nothing is kept of work that failed."""
    given = inputs(tmp_path, script="ls absent-file")
    with pytest.raises(ProviderError, match=r"step in .* failed") as told:
        provider.create(given)
    assert "absent-file" in str(told.value)
