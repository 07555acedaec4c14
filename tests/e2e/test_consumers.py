"""Other teams' programs, shells and people, on what a stack tells."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.outputs import json_schema
from tests.support.consumer import Consumer, full_name
from tests.support.platform_project import PREFECT, PlatformProject
from tests.support.pulumi_project import Project
from tests.support.wheel import install
from tools import outputs as printer

READS = """
    import pulumi
    from components.outputs import PlatformOutputs

    platform = PlatformOutputs.from_stack(pulumi.Config().require("platform"))
    pulumi.export("found", {asked})
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where `components` is, installed from the wheel."""
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def producer(platform: PlatformProject) -> PlatformProject:
    """Return the program with stack dev up."""
    platform.up("dev")
    return platform


@pytest.fixture(scope="module")
def reader(
    tmp_path_factory: pytest.TempPathFactory, producer: PlatformProject, packages: Path
) -> Consumer:
    """Return a program to be written by each test."""
    return Consumer(tmp_path_factory.mktemp("reader"), producer, packages)


@pytest.fixture(scope="module")
def little(
    tmp_path_factory: pytest.TempPathFactory, producer: PlatformProject, packages: Path
) -> str:
    """Return the name of a stack that has one pool, and nothing else."""
    stack = Consumer(tmp_path_factory.mktemp("little"), producer, packages)
    pool = {"name": "cpu", "type": "process"}
    prefect = {"api_url": "https://api", "work_pools": {"cpu": pool}}
    told = {"schema": "flowground/v1", "stack": "dev", "tier": "dev"}
    exported = json.dumps({**told, "prefect": prefect})
    stack.program(f"import pulumi\npulumi.export('flowground', {exported})\n")
    stack.up()
    return f"organization/{stack.settings['name']}/dev"


def revealed(project: Project, *options: str) -> dict[str, Any]:
    shown = project("stack", "output", "--json", "--show-secrets", *options)
    return dict(json.loads(shown.stdout))


def test_a_stack_keeps_to_the_schema(producer: PlatformProject) -> None:
    """What it really tells is valid, credentials included, by the committed schema."""
    told = revealed(producer, "--stack", "dev")
    assert set(told) == {"flowground", "credentials"}
    # What is told in the open is really in the open: nothing of it is masked.
    assert producer.platform("dev") == told["flowground"]
    jsonschema.Draft202012Validator(json_schema()).validate(told)


def check_example(consumer: Consumer, producer: PlatformProject) -> None:
    consumer.reads(full_name(producer, "dev"))
    consumer.up()
    told = revealed(producer, "--stack", "dev")
    prefect = told["flowground"]["prefect"]
    key = told["credentials"]["prefect"]["ci"]
    got = revealed(consumer)
    assert got["api_url"] == prefect["api_url"]
    assert got["pool"] == "my-pool"
    assert got["greeter"] == prefect["deployments"]["hello-flow-deployment"]["url"]
    assert got["ci_key"] == key
    assert len(key) > 20
    assert key not in consumer("stack", "output", "--json").stdout
    assert key not in producer.state_files()


def test_a_python_program_builds_on_a_stack(
    tmp_path: Path, producer: PlatformProject, packages: Path
) -> None:
    """The example, with the package from its wheel: typed values, and a secret kept."""
    consumer = Consumer(tmp_path, producer, packages, "consumer-python")
    check_example(consumer, producer)
    assert consumer.outputs()["queues"] == ["default", "urgent"]


@pytest.mark.skipif(
    not shutil.which("pulumi-language-yaml"),
    reason="pulumi-language-yaml is not on PATH; it comes with the official Pulumi CLI",
)
def test_a_program_in_another_language_builds_on_a_stack(
    tmp_path: Path, producer: PlatformProject, packages: Path
) -> None:
    """The YAML example needs nothing but the engine and the schema's keys."""
    consumer = Consumer(tmp_path, producer, packages, "consumer-yaml")
    check_example(consumer, producer)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("platform.modal", "has no modal; add `modal` to its config"),
        (
            "platform.prefect.apply(lambda it: it.work_pools['gpu'].name)",
            "has no 'gpu' in work_pools; there are: cpu",
        ),
        (
            "platform.credentials.apply(lambda it: it.s3['dags'])",
            "has no 'dags' in credentials.s3; there are: none",
        ),
    ],
    ids=["part", "pool", "credential"],
)
def test_what_is_missing_is_said_in_a_sentence(
    reader: Consumer, little: str, asked: str, said: str
) -> None:
    """A program that asks for too much learns of what, at preview, and of no code."""
    reader.reads(little)
    reader.program(READS.format(asked=asked))
    shown = reader("preview", code=None)
    text = shown.stdout + shown.stderr
    assert f"error: stack {little} {said}" in text
    assert "Traceback" not in text
    assert ".py" not in text


@pytest.mark.parametrize(
    ("exported", "said"),
    [
        (
            "{'schema': 'flowground/v0'}",
            "keeps to flowground/v0, and this reader knows",
        ),
        (None, "has no output 'flowground': it was not brought up yet"),
    ],
    ids=["older", "none"],
)
def test_another_contract_is_said_in_a_sentence(
    tmp_path: Path,
    reader: Consumer,
    packages: Path,
    exported: str | None,
    said: str,
) -> None:
    """A stack of another release, or no stack of ours, is named with the way out."""
    other = Consumer(tmp_path, reader, packages)
    export = f"pulumi.export('flowground', {exported})" if exported else ""
    other.program(f"import pulumi\n{export}\n")
    other.up()
    name = f"organization/{other.settings['name']}/dev"
    reader.reads(name)
    reader.program(READS.format(asked="platform.prefect"))
    text = reader.up(code=None)
    assert f"error: stack {name} " in text
    assert said in text
    assert "Traceback" not in text


def test_an_unknown_stack_is_the_engines_error(
    reader: Consumer, producer: PlatformProject
) -> None:
    """A misspelt stack is named by the engine itself."""
    name = full_name(producer, "perd")
    reader.reads(name)
    reader.program(READS.format(asked="platform.prefect"))
    text = reader.up(code=None)
    assert f"unknown stack {name!r}".replace("'", '"') in text
    assert "Traceback" not in text


def test_a_shell_works_in_an_environment(
    producer: PlatformProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`eval` of the printed variables is all that the unmodified `prefect` needs."""
    monkeypatch.setattr(printer, "ROOT", producer.root)
    monkeypatch.setattr(printer, "environment", lambda: producer.env)
    key = revealed(producer, "--stack", "dev")["credentials"]["prefect"]["ci"]
    assert printer.run(["dev", "--format", "env"]) == 0
    assert key not in capsys.readouterr().out
    assert printer.run(["dev", "--format", "env", "--show-secrets"]) == 0
    exports = capsys.readouterr().out
    home = producer.env["PREFECT_HOME"]
    done = subprocess.run(
        ["bash", "-c", f'eval "$1"; {PREFECT} deployment ls', "bash", exports],
        env={"PATH": producer.env["PATH"], "PREFECT_HOME": home, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "hello-flow/hello-flow-deployment" in done.stdout


def test_a_misspelt_stack_is_not_made(
    producer: PlatformProject,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """To look at a stack that is not there fails, and leaves none behind."""
    monkeypatch.setattr(printer, "ROOT", producer.root)
    monkeypatch.setattr(printer, "environment", lambda: producer.env)
    assert printer.run(["perd"]) != 0
    assert "no stack named 'perd' found" in capfd.readouterr().err
    assert "perd" not in producer("stack", "ls").stdout
