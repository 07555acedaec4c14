"""A Terraform state is converted, and what it manages taken over without a write."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.platform_project import PlatformProject
from tests.support.proxy import Proxy
from tests.support.pulumi_project import ROOT
from tests.support.terraform import PASSWORD, Terraform

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.localcloud import LocalCloud


def _convert(project: PlatformProject, state: Path, *arguments: str) -> str:
    command = ("-m", "tools.from_terraform", str(state), "--stack", "dev")
    done = subprocess.run(
        [sys.executable, *command, "--cwd", str(project.root), *arguments],
        cwd=ROOT,
        env=project.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_state_is_converted_and_adopted_without_a_write(
    tmp_path: Path, full_cloud: LocalCloud
) -> None:
    """Every sort that the provider has; its secrets go where Pulumi encrypts them."""
    origin = full_cloud.cloud_api_url.removesuffix("/api")
    with full_cloud.workspace() as workspace, Proxy(origin) as proxy:
        with full_cloud.client(base_url=workspace.api_url) as api:
            terraform = Terraform(api, full_cloud.account_id, workspace.id)
            terraform.make()
        state = tmp_path / "terraform.tfstate"
        state.write_text(terraform.state())
        project = PlatformProject(tmp_path / "platform", full_cloud)
        project.env["PREFECT_CLOUD_API_URL"] = f"{proxy.url}/api"
        project.on("dev", "stack", "ls")
        file = project.root / "Pulumi.dev.yaml"
        salt = file.read_text().partition("encryptionsalt:")[2]
        file.write_text(f"encryptionsalt:{salt}" if salt else "")
        arguments = ("--workspace", workspace.handle, "--set-secrets")
        said = _convert(project, state, *arguments, "--in-the-open", "local-file-*.*")
        _assert_told(said)
        text = file.read_text()
        assert PASSWORD not in text
        assert "basepath: /dumps" in text
        with proxy.recording() as calls:
            project.up("dev")
        assert [call for call in calls if call.writes] == []
        project.assert_settled("dev")
        exported = json.loads(project.on("dev", "stack", "export"))
    ours = [
        one["type"].rpartition(":")[2]
        for one in exported["deployment"]["resources"]
        if one["type"].startswith("pulumi-python:dynamic/prefect:")
    ]
    assert len(ours) == 20
    assert len(set(ours)) == 12


def _assert_told(said: str) -> None:
    """Have what cannot be converted be said by Terraform's own address, and why."""
    assert "prefect_service_account.ci: its key cannot be read" in said
    assert "prefect_block.hidden: its data is write-only" in said
    assert "prefect_deployment.leaky: a pull step has an access token" in said
    assert "2 secrets set" in said
    assert PASSWORD not in said
