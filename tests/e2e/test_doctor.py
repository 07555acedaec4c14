"""`python -m tools.doctor` on the real program, with one thing after another broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from tests.support.modal_s3 import free_port
from tests.support.platform_project import PlatformProject
from tests.support.proxy import Answer, Proxy, Request
from tests.support.pulumi_project import ROOT
from tests.support.s3_plane import LocalS3
from tools.stack import journal_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud

HALF_AN_HOUR = 1800


class Told(NamedTuple):
    """What the doctor printed, and its exit code."""

    code: int
    text: str

    def lines(self, verdict: str, about: str = "") -> list[str]:
        """Return the lines of a verdict."""
        rows = (line.split(maxsplit=2) for line in self.text.splitlines())
        return [
            row[2]
            for row in rows
            if len(row) == 3 and row[0] == verdict and row[1].startswith(about)
        ]


def _doctor(project: PlatformProject, **changed: str) -> Told:
    command = ["-m", "tools.doctor", "dev", "--cwd", str(project.root)]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**project.env, **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    said = done.stdout + done.stderr
    secrets = ("PREFECT_API_KEY", "MODAL_TOKEN_SECRET", "GITHUB_TOKEN")
    for name in (*secrets, "AWS_SECRET_ACCESS_KEY", "PULUMI_CONFIG_PASSPHRASE"):
        value = {**project.env, **changed}.get(name, "")
        assert not value or value == "rehearsal" or value not in said, name
    return Told(done.returncode, said)


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, full_cloud: LocalCloud
) -> Iterator[PlatformProject]:
    """Return the program with its stack made, and nothing of it up."""
    with PlatformProject(tmp_path_factory.mktemp("doctor"), full_cloud) as made:
        made.on("dev", "stack", "ls")
        yield made


def test_a_stack_that_can_be_brought_up_is_fine(project: PlatformProject) -> None:
    """Every service that it uses is reached, by a credential that may do all of it."""
    told = _doctor(project)
    assert told.code == 0, told.text
    assert not told.lines("STOP")
    reached = {line.split()[0] for line in told.lines("ok", "")}
    assert {"file", "CLI", "reach", "lock", "journal", "settings", "secrets"} <= reached
    for service in ("prefect", "modal", "github", "aws"):
        assert any("reach" in line for line in told.lines("ok", service)), told.text
    assert told.lines("ok", "prefect")[1].startswith("clock"), told.text


def test_every_fault_is_found_in_one_go(project: PlatformProject) -> None:
    """A wrong key, a service that is gone, a held lock, a killed run, a lost secret."""
    dead = f"http://127.0.0.1:{free_port()}"
    state = Path(urlsplit(project.env["PULUMI_BACKEND_URL"]).path)
    lock = state / f".pulumi/locks/organization/{project.name}/dev/x.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = {"pid": os.getpid(), "username": "ada", "hostname": "runner-7"}
    lock.write_text(json.dumps(held))
    journal = journal_path("dev", project.env)
    journal.write_text("=mark\n")
    file = project.root / "Pulumi.dev.yaml"
    before = file.read_text()
    try:
        project.on("dev", "config", "rm", "githubToken")
        told = _doctor(
            project,
            PREFECT_API_KEY="pnu_wrong-key-of-somebody",
            MODAL_SERVER_URL=dead,
            GITHUB_TOKEN="ghp_wrong-token-of-somebody",
        )
    finally:
        file.write_text(before)
        journal.unlink()
        lock.unlink()
    assert told.code == 1
    (locked,) = told.lines("STOP", "backend")
    assert "ada@runner-7" in locked
    assert "make recover" in locked
    assert "make recover" in told.lines("warn", "backend")[0]
    assert "pulumi config set --secret githubToken" in told.lines("STOP", "config")[0]
    assert "set PREFECT_API_KEY" in told.lines("STOP", "prefect")[0]
    assert "cannot be reached" in told.lines("STOP", "modal")[0]
    assert "set GITHUB_TOKEN" in told.lines("STOP", "github")[0]


class _HalfAnHourBehind(Proxy):
    """A service whose clock is not ours."""

    def forward(self, request: Request) -> Answer:
        """Put another date in the place of the real one."""
        answer = super().forward(request)
        late = formatdate(time.time() - HALF_AN_HOUR, usegmt=True)
        others = [(k, v) for k, v in answer.headers if k.lower() != "date"]
        return answer._replace(headers=(*others, ("Date", late)))


def test_what_a_key_may_not_do_and_a_clock_that_is_off(
    project: PlatformProject,
) -> None:
    """A member's key makes no workspace; a wrong passphrase opens no secret."""
    cloud = project.cloud
    origin = cloud.cloud_api_url.removesuffix("/api")
    with cloud.client() as owner:
        made = owner.post("/bots/", json={"name": f"weak-{project.suffix}"})
        weak = made.raise_for_status().json()["api_key"]["key"]
    with _HalfAnHourBehind(origin) as behind:
        told = _doctor(
            project,
            PREFECT_CLOUD_API_URL=f"{behind.url}/api",
            PREFECT_API_KEY=weak,
            PULUMI_CONFIG_PASSPHRASE="not-the-passphrase",
        )
    assert told.code == 1
    assert "set PULUMI_CONFIG_PASSPHRASE" in told.lines("STOP", "config")[0]
    refused = told.lines("STOP", "prefect")
    assert any("s ahead of prefect's" in line for line in refused), told.text
    assert any("may not make workspace dev-" in line for line in refused), told.text
    assert any("may not make service accounts" in line for line in refused)


def test_a_lock_in_a_bucket_is_seen(project: PlatformProject, tmp_path: Path) -> None:
    """Of a backend on S3 too it is told who holds it."""
    with LocalS3.start(tmp_path) as s3:
        s3.client("s3").create_bucket(Bucket="state")
        at = quote(s3.url.removeprefix("http://"))
        query = f"region=us-east-1&endpoint={at}&disableSSL=true&s3ForcePathStyle=true"
        held = {"pid": 1, "username": "ada", "hostname": "runner-7"}
        key = f".pulumi/locks/organization/{project.name}/dev/x.json"
        body = json.dumps(held).encode()
        s3.client("s3").put_object(Bucket="state", Key=f"team/{key}", Body=body)
        backend = f"s3://state/team?{query}"
        told = _doctor(project, **s3.plain_env, PULUMI_BACKEND_URL=backend)
    journal_path("dev", {"PULUMI_BACKEND_URL": backend}).unlink(missing_ok=True)
    assert told.code == 1
    (locked,) = told.lines("STOP", "backend")
    assert "ada@runner-7" in locked
    assert any(
        line.split() == ["reach", "s3://state/team"] for line in told.lines("ok")
    )
