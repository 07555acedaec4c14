"""A prefect.yaml as resources: what is declared, and what is refused at preview."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from components.kernel import ConfigurationError
from components.prefect import FlowProject
from components.prefect.project import FlowProjectSettings
from components.prefect.project.load import load
from tests.unit.kernel.program import Run, run

if TYPE_CHECKING:
    from pathlib import Path

CODE = '''
from prefect import flow

@flow(version="7")
def hello(name: str = "world") -> None:
    """Says hello."""
'''
LEAST = {"name": "one", "entrypoint": "hello.py:hello", "work_pool": {"name": "pool"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project with one flow."""
    (tmp_path / "hello.py").write_text(CODE)
    return tmp_path


def declared(folder: Path, *deployments: dict[str, Any], **changes: Any) -> Run:
    """Declare a project of these deployments."""
    top = changes.pop("top", {})
    written = {"deployments": [{**LEAST, **one} for one in deployments], **top}
    (folder / "prefect.yaml").write_text(yaml.safe_dump(written))

    def program() -> None:
        FlowProject("p", FlowProjectSettings(path=str(folder), **changes))

    outputs = {"outputs": json.dumps({"b": {"stdout": "built"}})}
    return run(program, respond=lambda _: outputs)


def inputs(made: Run, name: str = "p/hello/one") -> dict[str, Any]:
    return made[name].inputs


def test_a_deployment_has_what_the_code_says_of_its_flow(folder: Path) -> None:
    """Description, version and the parameters' schema are the flow's, as in Prefect."""
    made = inputs(declared(folder, {}))
    assert made["description"] == "Says hello."
    assert made["version"] == "7"
    assert "name" in json.loads(made["parameter_openapi_schema"])["properties"]
    assert made["work_pool_name"] == "pool"


def test_without_pull_steps_the_folder_itself_is_used(folder: Path) -> None:
    """Here a worker finds the code where it is; in an image, where Prefect puts it."""
    step = "prefect.deployments.steps.set_working_directory"
    (here,) = json.loads(inputs(declared(folder, {}))["pull_steps"])
    assert here == {step: {"directory": str(folder)}}
    image = {"work_pool": {"name": "pool", "job_variables": {"image": "i:1"}}}
    (there,) = json.loads(inputs(declared(folder, image))["pull_steps"])
    assert there == {step: {"directory": "/opt/prefect"}}


@pytest.mark.parametrize(
    ("top", "own", "expected"),
    [
        ({"pull": [{"a.b": {}}]}, {}, [{"a.b": {}}]),
        ({"pull": {"a.b": {}}}, {}, [{"a.b": {}}]),
        ({"pull": [{"a.b": {}}]}, {"pull": None}, [{"a.b": {}}]),
        ({"pull": [{"a.b": {}}]}, {"pull": {}}, [{"a.b": {}}]),
        ({"pull": [{"a.b": {}}]}, {"pull": [{"c.d": {}}]}, [{"c.d": {}}]),
        ({"pull": [{"a.b": {}}]}, {"pull": []}, []),
        ({"pull": []}, {}, []),
    ],
)
def test_pull_steps_are_the_deployments_or_the_projects(
    folder: Path, top: Any, own: Any, expected: Any
) -> None:
    """An empty list is an answer; null and a mapping of nothing are none."""
    made = declared(folder, own, top=top)
    assert json.loads(inputs(made)["pull_steps"]) == expected


def test_anchors_are_plain_yaml(folder: Path) -> None:
    """What `definitions` holds means something only where it is referred to."""
    (folder / "prefect.yaml").write_text(
        "definitions:\n  - &pool {name: shared}\nx-more: &tags [a, b]\n"
        "deployments:\n  - name: one\n    entrypoint: hello.py:hello\n"
        "    work_pool: *pool\n    tags: *tags\n"
    )
    (entry,) = load(folder / "prefect.yaml").deployments
    assert entry.work_pool.name == "shared"
    assert entry.tags == ["a", "b"]


def test_an_unnamed_template_is_skipped(folder: Path) -> None:
    """`prefect init` leaves a deployment of nulls, which Prefect skips too."""
    made = declared(folder, {}, {"name": None, "entrypoint": None})
    assert [r.name for r in made.registered if "Deployment" in r.type] == [
        "p/hello/one"
    ]


def test_everything_wrong_is_one_error(folder: Path) -> None:
    """File, path and way out of each fault, before anything is made."""
    with pytest.raises(ConfigurationError) as told:
        declared(
            folder,
            {"entrypoint": "nowhere.py:hello"},
            {"name": "two", "schedules": [{"cron": "never"}]},
            {"name": "three", "triggers": [{"type": "event", "posture": "Odd"}]},
            {"name": "four", "description": "{{ nobody.gives }}"},
            {"name": "five", "parameters": {"name": "{{ $UNSET_HERE }}"}},
            {"name": "six", "work_pool": {}},
            {"name": "seven", "entrypoint": "{{ prefect.variables.x }}"},
            {"name": "two"},
            overrides={"absent": {"paused": True}},
        )
    lines = str(told.value).splitlines()
    assert lines[0] == f"{folder / 'prefect.yaml'} is not valid:"
    paths = [line.strip().partition(": ")[0] for line in lines[1:]]
    assert sorted(paths) == [
        "deployments",
        "deployments[0].entrypoint",
        "deployments[1].schedules[0].cron",
        "deployments[2].triggers[0].posture",
        "deployments[3].description",
        "deployments[4].parameters.name",
        "deployments[5].work_pool.name",
        "deployments[6].entrypoint",
        "deployments[6].entrypoint",
        "deployments[7].name",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployments: [", "is not YAML (line 1)"),
        ("- a", "is not a mapping"),
        ("deployment: []", "deployment: is not a field"),
        ("deployments: [{name: a/b}]", "deployments[0].name:"),
        ("deployments: [{tag: [a]}]", "deployments[0].tag: is not a field"),
        ("pull: [{a.b: {}, c.d: {}}]", "pull[0]: names 2 functions"),
        ("deployments: [{schedules: [{chron: x}]}]", "schedules[0].chron"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(
    folder: Path, text: str, said: str
) -> None:
    """Prefect would skip it, and so would delete what it no longer sees."""
    (folder / "prefect.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as told:
        load(folder / "prefect.yaml")
    assert said in str(told.value)
    assert str(folder / "prefect.yaml") in str(told.value)


def test_a_missing_file_is_told(folder: Path) -> None:
    """The path is what to correct."""
    with pytest.raises(ConfigurationError, match="correct the project's path"):
        load(folder / "prefect.yaml")


def test_triggers_become_automations_that_run_the_deployment(folder: Path) -> None:
    """Each is told from the others by its name, and knows the deployment by its id."""
    made = declared(
        folder,
        {
            "triggers": [
                {"expect": ["x"], "parameters": {"name": "{{ event.id }}"}},
                {"name": "own", "enabled": False, "expect": ["y"]},
            ]
        },
    )
    first = inputs(made, "p/one__automation_1")
    assert json.loads(first["trigger"]) == {
        "type": "event",
        "posture": "Reactive",
        "expect": ["x"],
    }
    (action,) = json.loads(first["actions"])
    assert action == {
        "type": "run-deployment",
        "source": "selected",
        "deployment_id": "p/hello/one-id",
        "parameters": {"name": "{{ event.id }}"},
    }
    assert inputs(made, "p/own")["enabled"] is False


def test_two_triggers_of_one_name_are_refused(folder: Path) -> None:
    """Nothing else tells automations apart."""
    twice = {"triggers": [{"name": "a", "expect": ["x"]}, {"name": "a"}]}
    with pytest.raises(ConfigurationError, match=r"triggers\[1\].name: another"):
        declared(folder, twice)


def test_steps_run_once_for_all_that_share_them(folder: Path) -> None:
    """Whose outputs are used where, and what they depend on beside themselves."""
    run_ = {"prefect.deployments.steps.run_shell_script": {"id": "b", "script": "x"}}
    made = declared(
        folder,
        {"version": "{{ b.stdout }}"},
        {"name": "two", "description": "of {{ b.stdout }}"},
        {"name": "three", "build": None},
        top={"build": run_, "pull": [{"a.b": {"id": "c", "d": "{{ c.e }}"}}]},
    )
    (steps,) = [r for r in made.registered if "ProjectSteps" in r.type]
    assert json.loads(steps.inputs["steps"]) == [run_]
    before = steps.inputs["digest"]
    (folder / "hello.py").write_text(CODE + "\n# changed\n")
    again = declared(folder, {}, top={"build": run_})
    (steps,) = [r for r in again.registered if "ProjectSteps" in r.type]
    assert steps.inputs["digest"] != before
    unwatched = declared(folder, {}, top={"build": run_}, watch=["absent"])
    (steps,) = [r for r in unwatched.registered if "ProjectSteps" in r.type]
    (folder / "hello.py").write_text(CODE)
    unmoved = declared(folder, {}, top={"build": run_}, watch=["absent"])
    (same,) = [r for r in unmoved.registered if "ProjectSteps" in r.type]
    assert same.inputs["digest"] == steps.inputs["digest"]


def test_no_step_is_run_for_a_file_that_is_not_valid(folder: Path) -> None:
    """Steps have effects, and so come after every check."""
    run_ = {"prefect.deployments.steps.run_shell_script": {"id": "b", "script": "x"}}
    with pytest.raises(ConfigurationError):
        declared(
            folder, {}, {"name": "two", "entrypoint": "a.py:b"}, top={"push": run_}
        )


def test_agreements_are_one_resource_of_the_deployment(folder: Path) -> None:
    """What `sla` lists is the whole truth of that deployment's agreements."""
    agreed = [{"name": "quick", "duration": 60, "severity": "high"}]
    made = declared(folder, {"sla": agreed})
    (sla,) = [r for r in made.registered if r.type.endswith("DeploymentSla")]
    (one,) = sla.inputs["slas"]
    assert one == {**one, "name": "quick", "duration": 60, "severity": "high"}
    none = declared(folder, {}).registered
    assert not [r for r in none if r.type.endswith("DeploymentSla")]


def test_an_agreement_of_no_sort_is_refused(folder: Path) -> None:
    """The fault is told at its place in the file."""
    with pytest.raises(ConfigurationError, match=r"sla\[0\].*exactly one"):
        declared(folder, {"sla": [{"name": "vague"}]})
