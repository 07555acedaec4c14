"""The launcher: folders at paths that the machine does not have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

LAUNCHER = ROOT / "localcloud/modal/launcher.py"


@pytest.fixture
def launch(tmp_path):
    """A way to run a shell script with folders mounted."""
    (tmp_path / "stage").mkdir()

    def run(script, *binds, parent=None):
        plan = {
            "parent": parent or os.getpid(),
            "stage": str(tmp_path / "stage"),
            "cwd": "/",
            "argv": ["/bin/sh", "-c", script],
            "binds": [
                {"source": str(source), "target": target, "read_only": read_only}
                for source, target, read_only in binds
            ],
        }
        (tmp_path / "plan.json").write_text(json.dumps(plan))
        return subprocess.run(
            [sys.executable, str(LAUNCHER), str(tmp_path / "plan.json")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def folder(tmp_path):
    """A folder with a file."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "f").write_text("content")
    return tmp_path / "folder"


def test_folder_appears_at_a_path_the_machine_does_not_have(launch, folder):
    """At the root and below existing folders, and only for the launched process."""
    top, deep = f"/x{uuid.uuid4().hex}/y", f"/usr/share/x{uuid.uuid4().hex}/y/z"
    script = f"cat {top}/f {deep}/f; echo new > {top}/g; ls /etc/passwd /usr/share/doc"
    done = launch(script, (folder, top, False), (folder, deep, False))
    assert done.stdout.startswith("contentcontent")
    assert "/etc/passwd" in done.stdout
    assert (folder / "g").read_text() == "new\n"
    assert not Path(top).parent.exists()
    assert not Path(deep).parent.parent.exists()


def test_folders_are_mounted_over_each_other_in_order(launch, folder, tmp_path):
    """A later folder shows below an earlier one, which stays what it is."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "g").write_text("inner")
    top = f"/x{uuid.uuid4().hex}"
    done = launch(
        f"cat {top}/f {top}/below/g; echo beside > {top}/g",
        (folder, top, False),
        (tmp_path / "inner", f"{top}/below", False),
    )
    assert done.stdout == "contentinner"
    assert (folder / "g").read_text() == "beside\n"
    assert not (folder / "below" / "g").exists()


def test_read_only_folder_refuses_writes(launch, folder):
    """A read-only mount is read-only for root as well."""
    top = f"/x{uuid.uuid4().hex}"
    done = launch(f"cat {top}/f; touch {top}/g", (folder, top, True))
    assert done.stdout == "content"
    assert done.returncode != 0
    assert not (folder / "g").exists()


def test_nothing_runs_without_the_control_plane(launch):
    """A launcher whose parent is another than planned ends at once."""
    done = launch("echo ran", parent=1)
    assert done.stdout == ""
    assert "control plane is gone" in done.stderr
