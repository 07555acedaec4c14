"""A change to the real program, rehearsed on a throw-away local cloud of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.pulumi_project import engine_bin
from tools.plans.kept import rehearsals
from tools.plans.preview import Op
from tools.throwaway import copy_tree

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout of its own, with this tree as its only commit."""
    root = tmp_path / "checkout"
    root.mkdir()
    copy_tree(ROOT, root)
    # What the stack expects to be there is its own team's, unknown to the local cloud.
    reviewers = {"reviewers": ["ada", "acme/platform"]}
    delivery = {"repository": "acme/flows", "environment": reviewers}
    change(root / "Pulumi.prod.yaml", "github", lambda found: found.update(delivery))
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "base"]):
        subprocess.run(["git", *who, *command], cwd=root, check=True)
    for name in (".venv", ".venv-localcloud"):
        (root / name).symlink_to(ROOT / name)
    (root / ".flowground").mkdir()
    (root / ".flowground/templates").symlink_to(ROOT / ".flowground/templates")
    return root


def change(file: Path, service: str, edit: Callable[[dict], None]) -> None:
    """Edit a service's settings in a stack's file."""
    settings = yaml.safe_load(file.read_text())
    edit(settings["config"][f"flowground:{service}"])
    file.write_text(yaml.safe_dump(settings))


def test_a_change_to_prod_is_rehearsed(checkout: Path, tmp_path: Path) -> None:
    """The base comes up, the change is planned and applied, and a second up is clean.

    Neither credentials nor the stack's passphrase are there, nothing is left running,
    and the checkout's own state is not touched. No secret is in the plan.
    """

    def edit(prefect: dict) -> None:
        prefect["variables"]["greeting"]["value"]["language"] = "fr"
        prefect["concurrency_limits"] = {"lakehouse": {"limit": 5}}
        prefect["work_pools"]["other-pool"] = {"pool": {"type": "process"}}
        del prefect["flow_projects"]["hello"]

    change(checkout / "Pulumi.prod.yaml", "prefect", edit)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    env["PATH"] = os.pathsep.join([str(engine_bin()), env["PATH"]])
    env["TMPDIR"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tools.rehearse", "prod", "--base", "HEAD"],
        cwd=checkout,
        env={**env, "PULUMI_CONFIG_PASSPHRASE": "not-the-stack's"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✅ Rehearsal of `prod` on a local cloud" in done.stdout
    (report,) = rehearsals(checkout / ".flowground/rehearsals")
    assert [stage.failed for stage in report.stages] == [False] * 4
    assert report.preview is not None
    counted = {op: report.preview.count(op) for op in Op}
    # With the project go its flow and its deployment, besides the one limit.
    assert counted[Op.DELETE] == 3
    assert counted[Op.CREATE] == 2
    assert counted[Op.UPDATE] == 1
    kept = [*(checkout / ".flowground/rehearsals").rglob("*.json")]
    assert "plan.json" in {file.name for file in kept}
    for file in kept:
        # Config's secrets, and what Prefect, Modal and AWS minted for the base.
        found = re.findall(r"placeholder-|pnu_\w|as-\w{16}|ghp_\w", file.read_text())
        assert found == [], file
    assert not (checkout / ".flowground/state").exists()
    assert [path.name for path in tmp_path.glob("flowground-*")] == []
