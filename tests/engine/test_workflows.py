"""The workflows: valid, pinned, and made of steps that a person can run as well."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.actionlint import findings
from tools.audit import ENVIRONMENTS

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))
NAMES = [file.name for file in WORKFLOWS]
PINNED = re.compile(r"uses: (?!\./)[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def load(name: str) -> dict[str, Any]:
    """Return a workflow; YAML 1.1 reads its key `on` as true."""
    return yaml.safe_load((ROOT / ".github/workflows" / name).read_text())


def jobs(name: str) -> dict[str, Any]:
    """Return a workflow's jobs by name."""
    return load(name)["jobs"]


def commands() -> list[str]:
    """Return every command that a step of any workflow runs."""
    return [
        step["run"]
        for name in NAMES
        for job in jobs(name).values()
        for step in job.get("steps", ())
        if "run" in step
    ]


def test_actionlint_finds_nothing():
    """Syntax, expressions, contexts, permissions and calls are right."""
    assert {*NAMES} == {
        "audit.yaml",
        "deploy-stack.yaml",
        "deploy.yaml",
        "drift.yaml",
        "preview.yaml",
    }
    assert findings(*WORKFLOWS) == ""


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_pinned_by_commit(name):
    """An action's tag can be moved to other code; its commit cannot."""
    lines = (ROOT / ".github/workflows" / name).read_text().splitlines()
    used = [line.strip().removeprefix("- ") for line in lines if "uses: " in line]
    assert [line for line in used if "./" not in line and not PINNED.match(line)] == []


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_each_step_is_a_make_target(command):
    """What CI runs is what anybody runs; make knows each target and its variables."""
    words = shlex.split(command)
    assert words[0] == "make"
    env = {"PATH": "/usr/bin:/bin", "STACK": "prod", "PR": "12", "BASE": "main"}
    given = [re.sub(r"\$(\w+)", lambda found: env[found[1]], word) for word in words]
    done = subprocess.run(
        [*given, "--dry-run", "--assume-old=.venv/made"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = re.findall(r"-m (tools\.\w+)", done.stdout)
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").exists()
    if "STACK" in command:
        assert re.search(r"-m tools\.\w+ prod\b", done.stdout)


@pytest.mark.parametrize(
    "module",
    ["plan", "apply", "rehearse", "plan_comment", "comment", "drift_issue", "audit"],
)
def test_each_target_starts(module):
    """Each tool behind a target can be asked what it does; other tests run them."""
    done = subprocess.run(
        [sys.executable, "-m", f"tools.{module}", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_jobs_have_what_they_need_and_no_more(name):
    """Nothing is granted by default, and no expression is pasted into a script."""
    assert load(name)["permissions"] == {"contents": "read"}
    for job in jobs(name).values():
        if "steps" in job:
            assert job["timeout-minutes"] <= 60
        granted = job.get("permissions", {})
        assert {k for k, v in granted.items() if v == "write"} <= {
            "id-token",
            "issues",
            "pull-requests",
        }
    assert [command for command in commands() if "${{" in command] == []


def test_a_stack_has_one_run_at_a_time_and_it_is_never_cancelled():
    """Deployments and drift's look share one group a stack, and wait for each other."""
    found = [
        *jobs("deploy-stack.yaml").values(),
        *jobs("drift.yaml").values(),
    ]
    for job in found:
        group = job["concurrency"]
        assert group["cancel-in-progress"] is False
        assert re.fullmatch(
            r"pulumi-\$\{\{ (inputs|matrix)\.stack \}\}", group["group"]
        )


def test_stacks_are_deployed_in_order_and_behind_their_environments():
    """Prod waits for staging, staging for dev; a plan is applied by its environment."""
    deploy = jobs("deploy.yaml")
    assert [job.get("needs") for job in deploy.values()] == [None, "dev", "staging"]
    assert [job["with"]["stack"] for job in deploy.values()] == [*deploy]
    steps = jobs("deploy-stack.yaml")
    assert steps["apply"]["needs"] == "plan"
    assert steps["apply"]["environment"] == "${{ inputs.stack }}"
    assert steps["plan"]["environment"] == "preview-${{ inputs.stack }}"


def test_a_fork_gets_no_credential_and_no_right_to_write():
    """Its plan runs in no environment, and only the comment's job may write."""
    found = jobs("preview.yaml")
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert found["plan"]["if"] == own
    assert own in found["comment"]["if"]
    assert found["plan-of-fork"]["if"] == own.replace("==", "!=")
    for name in ("plan-of-fork", "rehearse"):
        job = found[name]
        assert not {"environment", "permissions"} & job.keys()
        assert "secrets." not in str(job)
    text = (ROOT / ".github/workflows/preview.yaml").read_text()
    assert "pull_request_target" not in text


def test_an_audit_has_no_credential_and_follows_every_lock():
    """It runs for a fork too; each file that locks what is audited sets it off."""
    audit = load("audit.yaml")
    assert "secrets." not in str(audit)
    assert not {"environment", "permissions"} & audit["jobs"]["audit"].keys()
    for event in ("push", "pull_request"):
        paths = audit[True][event]["paths"]
        for locked in ENVIRONMENTS.values():
            assert any(Path(locked).match(path) for path in paths), locked
