"""The workflow that is generated from the stacks' config."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.github.base import EnvironmentName
from components.github.entries import Entries
from components.github.settings import WorkflowSettings
from components.github.workflow import Job, jobs_of, render
from components.github.workflow.__main__ import main
from components.github.workflow.render import UV
from components.kernel import ConfigurationError
from components.modal.settings import ModalSettings
from components.prefect.settings import PrefectSettings
from tests.support.actionlint import findings

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/github-delivery.md"
EXAMPLE = ROOT / "flows/prefect_modal/.github/workflows/prefect_cd.yaml"
TEXTS = st.text(min_size=1, max_size=30)
TOKEN = ["MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET"]
PREFECT = {"workspace": {"layout": "own", "handle": "w"}}


def _documented(folder: Path) -> Path:
    """Write the config files that the page shows."""
    (folder / "Pulumi.yaml").write_text("name: flowground\n")
    shown = re.findall(
        r"^`(Pulumi\.\w+\.yaml)`:\n\n```yaml\n(.*?)```",
        PAGE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    for name, text in shown:
        (folder / name).write_text(text)
    assert len(shown) == 3
    return folder


def _project(folder: Path, stacks: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write config files; a stack's tier is its name without a number."""
    (folder / "Pulumi.yaml").write_text("name: p\n")
    for name, config in stacks.items():
        whole = {"tier": name.rstrip("0123456789"), **config}
        keyed = {f"p:{key}": value for key, value in whole.items()}
        text = yaml.safe_dump({"config": keyed})
        (folder / f"Pulumi.{name}.yaml").write_text(text)
    return folder


def _delivers(repository: str = "acme/flows", **more: Any) -> dict[str, Any]:
    return {"github": {"repository": repository, **more}}


def _valid(model: Any, value: Any) -> bool:
    try:
        TypeAdapter(model).validate_python(value)
    except ValidationError:
        return False
    return True


def test_the_committed_example_is_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's config gives the example flow repository's workflow, to the byte."""
    monkeypatch.chdir(_documented(tmp_path))
    assert main([]) == 0
    assert capsys.readouterr().out == EXAMPLE.read_text()


def test_the_committed_example_is_that_of_this_checkouts_stacks() -> None:
    """Whoever changes a stack's delivery is told to generate the workflow anew."""
    assert render(jobs_of(ROOT)) == EXAMPLE.read_text()


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """Neither in the example nor where every setting is used."""
    workflow = {"folder": "a/b", "python": "3.13", "command": "make x\nmake y"}
    config = _delivers(
        variables={"A": "1"}, secrets={"B": "${secrets.b}"}, workflow=workflow
    )
    other = {"github": {**config["github"], "environment": {"name": "prod: eu/1"}}}
    made = tmp_path / "whole.yaml"
    made.write_text(render(jobs_of(_project(tmp_path, {"dev": config, "prod": other}))))
    assert findings(EXAMPLE, made) == ""


def test_environments_come_in_the_order_of_the_tiers(tmp_path: Path) -> None:
    """Each after the one before; stacks without a delivery are not there."""
    names = ("prod", "dev", "staging2", "staging1", "other")
    stacks = {name: _delivers() for name in names} | {"dev2": {"prefect": PREFECT}}
    jobs = yaml.safe_load(render(jobs_of(_project(tmp_path, stacks))))["jobs"]
    order = ["dev", "staging1", "staging2", "prod", "other"]
    assert [job["environment"] for job in jobs.values()] == order
    assert [*jobs] == [f"deploy-{name}" for name in order]
    assert [job.get("needs") for job in jobs.values()] == [None, *[*jobs][:-1]]


@pytest.mark.parametrize(
    ("config", "variables", "secrets"),
    [
        ({}, [], []),
        ({"prefect": PREFECT}, ["PREFECT_API_URL"], []),
        (
            {"prefect": {**PREFECT, "service_accounts": {"ci": {}}}},
            ["PREFECT_API_URL"],
            ["PREFECT_API_KEY"],
        ),
        (
            {"prefect": {**PREFECT, "service_accounts": {"x": {}}}},
            ["PREFECT_API_URL"],
            [],
        ),
        ({"modal": {}}, ["MODAL_ENVIRONMENT"], []),
        ({"modal": {"service_user": {}}}, ["MODAL_ENVIRONMENT"], TOKEN),
        (
            {"modal": {"token": {"id": "ak-1", "secret": "${secrets.modal}"}}},
            ["MODAL_ENVIRONMENT"],
            TOKEN,
        ),
    ],
)
def test_a_job_is_given_what_the_stack_will_have(
    tmp_path: Path, config: dict[str, Any], variables: list[str], secrets: list[str]
) -> None:
    """Known from the config alone, before the first `up`."""
    for key, model in (("prefect", PrefectSettings), ("modal", ModalSettings)):
        if key in config:
            TypeAdapter(model).validate_python(config[key])
    [job] = jobs_of(_project(tmp_path, {"dev": {**config, **_delivers()}}))
    assert ([*job.entries.variables], [*job.entries.secrets]) == (variables, secrets)


def test_only_the_step_that_deploys_sees_secrets(tmp_path: Path) -> None:
    """What the project's build runs gets none."""
    config = _delivers(variables={"region": "eu"}, secrets={"a": "${secrets.a}"})
    jobs = jobs_of(_project(tmp_path, {"dev": config}))
    *before, deploy = yaml.safe_load(render(jobs))["jobs"]["deploy-dev"]["steps"]
    assert deploy["env"] == {"REGION": "${{ vars.REGION }}", "A": "${{ secrets.A }}"}
    assert "secrets." not in str(before)


@given(
    name=TEXTS.filter(lambda text: _valid(EnvironmentName, text)),
    settings=st.builds(dict, branch=TEXTS, command=st.text(max_size=40)).filter(
        lambda given: _valid(WorkflowSettings, given)
    ),
)
def test_whatever_the_settings_say_is_read_back(
    name: str, settings: dict[str, str]
) -> None:
    """Names and commands may have anything in them that YAML gives a meaning."""
    workflow = WorkflowSettings.model_validate(settings)
    job = Job("dev", name, Entries({}, {}), workflow)
    read = yaml.safe_load(render([job]))
    # `on` is a truth value to YAML 1.1, though not to GitHub.
    assert read[True]["push"]["branches"] == [workflow.branch]
    made = read["jobs"]["deploy-dev"]
    assert made["environment"] == name
    assert made["steps"][-1]["run"] == workflow.command


def test_actions_are_pinned_to_commits() -> None:
    """A tag can be moved to other code; the comment says which version it is."""
    used = re.findall(r"uses: (.*)", EXAMPLE.read_text())
    assert len(used) == 6
    for one in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)


def test_uv_is_the_one_that_this_checkout_uses() -> None:
    """What deploys is pinned, and to what is tested here."""
    assert (ROOT / "requirements/uv.txt").read_text().count(f"\n{UV} \\\n") == 1


@pytest.mark.parametrize(
    ("stacks", "arguments", "told"),
    [
        ({}, {}, "no stack in .* delivers anything; set p:github"),
        ({"dev": _delivers()}, {"repository": "a/b"}, "no stack in .* delivers to a/b"),
        ({"dev": _delivers()}, {"names": ["prod"]}, "there is no Pulumi.prod.yaml"),
        (
            {"dev": _delivers("a/b"), "prod": _delivers("a/c")},
            {},
            "deliver to a/b, a/c; choose one by --repository",
        ),
        (
            {"dev": _delivers(), "prod": _delivers(workflow={"branch": "release"})},
            {},
            r"branches 'main' \(dev\), 'release' \(prod\)",
        ),
        (
            {"dev": _delivers(), "prod": _delivers(environment={"name": "DEV"})},
            {},
            "two stacks have the environment 'dev'",
        ),
        (
            {"dev.1": _delivers(), "dev_1": _delivers()},
            {},
            "two stacks have the job 'deploy-dev_1'",
        ),
        (
            {"dev": _delivers(secrets={"A": "x"}, whatever=1)},
            {},
            "p:github.secrets.A: is written out",
        ),
    ],
    ids=["none", "repository", "stack", "two", "branch", "twice", "id", "invalid"],
)
def test_what_is_no_workflow_is_one_clear_error(
    tmp_path: Path,
    stacks: dict[str, Any],
    arguments: dict[str, Any],
    told: str,
) -> None:
    """It says which stacks, and what to do."""
    with pytest.raises(ConfigurationError, match=told):
        jobs_of(_project(tmp_path, stacks), **arguments)


def test_a_repository_and_its_stacks_can_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several repositories of one platform have a workflow each."""
    stacks = {
        "dev": _delivers("a/b"),
        "dev2": _delivers("a/c"),
        "prod": _delivers("a/b"),
    }
    monkeypatch.chdir(_project(tmp_path, stacks))
    assert main(["--repository", "A/b"]) == 0
    assert [*yaml.safe_load(capsys.readouterr().out)["jobs"]] == [
        "deploy-dev",
        "deploy-prod",
    ]
    assert main(["--stack", "dev2"]) == 0
    assert [*yaml.safe_load(capsys.readouterr().out)["jobs"]] == ["deploy-dev2"]
    assert main([]) == 1
    assert "choose one by --repository" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path.parent)
    assert main([]) == 1
    assert "there is no Pulumi project" in capsys.readouterr().err
