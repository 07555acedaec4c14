"""Mirrored folders by real `pulumi` commands: what a plan names, and where it looks."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.mirrors import write
from tests.support.modal_plane import running_plane
from tests.support.pulumi_project import ROOT, Project
from tests.support.s3_plane import LocalS3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
    from components.modal import ModalVolume, VolumeFiles
    from components.s3 import Bucket, BucketFiles

    volume = ModalVolume("data", environment="main", version=2)
    VolumeFiles("on-volume", volume=volume, folder="dags", path="dags")
    bucket = Bucket("store", name="mirrors-store")
    BucketFiles("in-bucket", bucket=bucket, folder="dags", prefix="dags/")
    """
FILES = {"same.py": "0", "edited.py": "x = 1", "lib/removed.py": "1"}


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[LocalS3]:
    """Return an S3."""
    with LocalS3.start(tmp_path) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, s3: LocalS3) -> Iterator[Project]:
    """Return a project that mirrors a folder to a volume and to a bucket."""
    with running_plane(tmp_path / "modal") as plane:
        made = Project(tmp_path / "made")
        modal = {k: v for k, v in plane.env().items() if k.startswith("MODAL_")}
        made.env |= modal | s3.plain_env
        (made.root / "components").symlink_to(ROOT / "components")
        made.program(PROGRAM)
        write(made.root / "dags", FILES)
        yield made


def _edit(folder: Path) -> None:
    """Edit a file without a trace in size or date, add one and remove one."""
    edited = folder / "edited.py"
    stat = edited.stat()
    edited.write_text("x = 2")
    os.utime(edited, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (folder / "lib" / "added.py").touch()
    (folder / "lib" / "removed.py").unlink()


def test_a_plan_names_exactly_the_files_that_change(
    project: Project, s3: LocalS3, tmp_path: Path
) -> None:
    """In another checkout of the same program too, where there is nothing to do."""
    project("up", "--yes", "--skip-preview")
    elsewhere = tmp_path / "another" / "checkout"
    shutil.copytree(project.root, elsewhere, symlinks=True)
    project("preview", "--expect-no-changes", cwd=elsewhere)

    _edit(project.root / "dags")
    plan = project("preview", "--diff").stdout
    shown = re.findall(r"^ +([~+-]) (\S+) *: {$", plan, re.MULTILINE)
    changes = [("~", "edited.py"), ("+", "lib/added.py"), ("-", "lib/removed.py")]
    assert shown == [("~", "files"), *changes] * 2
    assert str(project.root) not in plan
    project("up", "--yes", "--skip-preview")
    project("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    listed = s3.client("s3", tls=False).list_objects_v2(Bucket="mirrors-store")
    assert [one["Key"] for one in listed["Contents"]] == [
        "dags/edited.py",
        "dags/lib/added.py",
        "dags/same.py",
    ]
    project("destroy", "--yes", "--skip-preview")


def test_a_folder_that_is_not_there_ends_the_first_preview(project: Project) -> None:
    """By one sentence that names it, before anything is asked of anybody."""
    shutil.rmtree(project.root / "dags")
    failed = project("preview", code=None)
    assert "folder 'dags' is not there; correct its path" in failed.stdout
