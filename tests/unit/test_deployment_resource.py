"""Flows and deployments as a program writes them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.prefect import Deployment, Flow, Schedule
from components.prefect.deployment_model import ConcurrencyOptions
from tests.unit.kernel.program import Run, run

if TYPE_CHECKING:
    from pathlib import Path

CODE = '''
from prefect import flow

@flow(name="greeter", version="7")
def hello(name: str = "world") -> None:
    """Says hello."""
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with one flow."""
    (tmp_path / "hello.py").write_text(CODE)
    return tmp_path


def declared(**fields: Any) -> Run:
    def program() -> dict[str, Any]:
        made = Deployment("hourly", flow=Flow("greeter"), **fields)
        return {"parameters": made.parameters, "schedules": made.schedules}

    return run(program)


def test_the_names_are_the_resources_unless_given() -> None:
    """A program says each name once."""
    made = declared(name="every hour")
    assert made["greeter"].inputs["name"] == "greeter"
    assert made["hourly"].inputs["name"] == "every hour"


def test_a_deployment_depends_on_its_flow_by_id() -> None:
    """A flow can be given itself, or by the id of one that others own."""
    assert declared()["hourly"].inputs["flow_id"] == "greeter-id"

    def program() -> None:
        Deployment("hourly", flow="11111111-1111-1111-1111-111111111111")

    inputs = run(program)["hourly"].inputs
    assert inputs["flow_id"] == "11111111-1111-1111-1111-111111111111"


def test_schedules_are_models_or_mappings_with_outputs_in_them() -> None:
    """Whatever a program finds handy, the engine is told the same."""
    models = [Schedule(interval=timedelta(hours=1), parameters={"n": None})]

    def program() -> None:
        none = pulumi.Output.from_input(None)
        mappings = [{"interval": 3600, "parameters": {"n": none}}]
        Deployment("hourly", flow="an-id", schedules=mappings)

    for made in (declared(schedules=models), run(program)):
        [sent] = made["hourly"].inputs["schedules"]
        assert sent["interval"] == 3600
        assert sent["parameters"] == '{"n":null}'


def test_json_goes_out_as_text_and_comes_back_as_values() -> None:
    """Nulls and big integers survive the engine."""
    parameters = {"none": None, "big": 2**53 + 1}
    made = declared(parameters=parameters, pull_steps=[{"a.step": {"x": None}}])
    assert made["hourly"].inputs["parameters"] == '{"big":9007199254740993,"none":null}'
    assert made["hourly"].inputs["pull_steps"] == '[{"a.step":{"x":null}}]'
    assert made.outputs["parameters"] == parameters


def test_concurrency_options_may_be_a_model() -> None:
    """What is not set in it is not sent."""
    options = ConcurrencyOptions(collision_strategy="ENQUEUE")
    sent = declared(concurrency_options=options)["hourly"].inputs
    assert sent["concurrency_options"] == {"collision_strategy": "ENQUEUE"}


def test_a_deployment_of_code_knows_what_the_code_says(project: Path) -> None:
    """The flow is made under its own name, and the schema computed."""

    def program() -> None:
        entrypoint = "hello.py:hello"
        Deployment.from_entrypoint("hourly", entrypoint=entrypoint, project=project)

    made = run(program)
    assert made["greeter"].inputs["name"] == "greeter"
    inputs = made["hourly"].inputs
    assert inputs["flow_id"] == "greeter-id"
    assert inputs["entrypoint"] == "hello.py:hello"
    assert inputs["description"] == "Says hello."
    assert inputs["version"] == "7"
    schema = json.loads(inputs["parameter_openapi_schema"])
    assert schema["properties"]["name"]["default"] == "world"


def test_what_the_program_says_wins_over_the_code(project: Path) -> None:
    """A flow that is there already, another description, another version."""

    def program() -> None:
        flow = Flow("mine", name="greeter")
        given = {"description": "Mine.", "version": "8", "tags": ["a"]}
        entrypoint = "hello.py:hello"
        Deployment.from_entrypoint(
            "hourly", flow=flow, entrypoint=entrypoint, project=project, **given
        )

    made = run(program)
    inputs = made["hourly"].inputs
    assert inputs["flow_id"] == "mine-id"
    assert (inputs["description"], inputs["version"]) == ("Mine.", "8")
    assert inputs["tags"] == ["a"]
