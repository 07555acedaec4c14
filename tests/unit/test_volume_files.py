"""What is removed from a volume, and what a program says of a volume's files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import ConfigurationError
from components.kernel.check import check_properties
from components.modal import ModalVolume, VolumeFiles
from components.modal.volume_content import Listed, removals
from components.modal.volume_files import VolumeFilesArgs
from tests.support.mirrors import told, write
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from pathlib import Path

WITHIN = st.sampled_from(["", "a", "a/b"])
NAMES = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3)
FILES = st.sets(NAMES.map("/".join), min_size=1)


def _no_file_is_a_folder(files: set[str]) -> bool:
    return not any(other.startswith(f"{path}/") for path in files for other in files)


@given(within=WITHIN, files=FILES.filter(_no_file_is_a_folder), data=st.data())
def test_exactly_the_doomed_files_go(
    within: str, files: set[str], data: st.DataObject
) -> None:
    """Whole folders where all in them goes, and never one that is not the mirror's."""
    paths = {f"{within}/{path}".lstrip("/") for path in files}
    doomed = data.draw(st.sets(st.sampled_from(sorted(paths | {"x/gone"}))))
    listed = {path: Listed(1, 1, is_file=True) for path in paths}
    for path in paths:
        for folder in PurePosixPath(path).parents:
            listed[folder.as_posix()] = Listed(0, 1, is_file=False)
    goals = removals(listed, doomed, within)
    gone = {p for p in paths for goal in goals if f"{p}/".startswith(f"{goal}/")}
    assert gone == doomed & paths
    assert len(goals) == len(set(goals)) <= len(doomed)
    assert not {goal for goal in goals if f"{within}/".startswith(f"{goal}/")} - {
        within
    }
    assert "" not in goals
    if doomed >= paths and within:
        assert goals == [within]


@given(path=st.text("a/.", max_size=8))
def test_a_path_has_one_form(path: str) -> None:
    """Slashes around it make no diff, and it never leads out of the volume."""
    given = {"environment_name": "e", "volume_id": "vo-1", "folder": "f"}
    files = {"a": {"sha256": "0" * 64, "size": 1}}
    props = {**given, "files": files, "path": path}
    checked, failures = check_properties(VolumeFilesArgs, props)
    if failures:
        assert [failure.path for failure in failures] == ["path"]
        return
    assert checked["path"] == path.strip("/")
    assert ".." not in checked["path"].split("/")
    assert check_properties(VolumeFilesArgs, checked) == (checked, [])


def test_a_program_names_a_volume_and_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is made of it; the machine's own path is no part of the inputs."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "dags", {"etl.py": "1", "etl.log": "2"})

    def program() -> None:
        volume = ModalVolume("dags", environment="staging")
        VolumeFiles("files", volume=volume, folder="dags", ignore=["*.log"])

    inputs = run(program)["files"].inputs
    expected = told(tmp_path / "dags", ignore=("*.log",)) | {"folder": "dags"}
    assert {key: inputs[key] for key in expected} == expected
    assert inputs["environment_name"] == "staging"
    assert inputs["volume_id"] == "dags-id"
    assert str(tmp_path) not in str(inputs)


def test_a_folder_that_is_not_there_ends_the_program(tmp_path: Path) -> None:
    """At the first preview, by one sentence."""

    def program() -> None:
        volume = ModalVolume("dags", environment="staging")
        VolumeFiles("files", volume=volume, folder=tmp_path / "no")

    with pytest.raises(ConfigurationError, match="is not there; correct its path"):
        run(program)
