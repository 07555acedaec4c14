"""Two mirrors in one program that would remove each other's files."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.settings import set_root_resource

from components.modal import ModalVolume, VolumeFiles
from components.s3 import Bucket, BucketFiles
from tests.support.mirrors import write
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAME = (
    "files 'first' and files 'second' are mirrored to one place, where each would "
    "remove what the other puts; give each a place of its own"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file."""
    return write(tmp_path / "folder", {"etl.py": "1"})


def in_bucket(folder: Path, first: str, second: str, *ignore: str) -> None:
    bucket = Bucket("store", name="acme-dags")
    BucketFiles("first", bucket=bucket, folder=folder, prefix=first, ignore=ignore)
    BucketFiles("second", bucket="acme-dags", folder=folder, prefix=second)


def on_volume(folder: Path, first: str, second: str, *ignore: str) -> None:
    volume = ModalVolume("dags", environment="main")
    VolumeFiles("first", volume=volume, folder=folder, path=first, ignore=ignore)
    VolumeFiles("second", volume=volume, folder=folder, path=second)


BOTH = pytest.mark.parametrize("declare", [in_bucket, on_volume])


@BOTH
@pytest.mark.parametrize("path", ["", "dags/"])
def test_one_place_is_not_mirrored_twice(
    declare: Callable[..., None], folder: Path, path: str
) -> None:
    """A preview ends by one sentence that names both."""
    with pytest.raises(pulumi.RunError, match=SAME):
        run(partial(declare, folder, path, path), preview=True)


def test_two_of_one_name_are_not_mirrored_to_one_place(folder: Path) -> None:
    """Two parents may each have a child of that name."""

    def program() -> None:
        for parent in ("a", "b"):
            within = pulumi.ComponentResource("unit:Team", parent)
            opts = pulumi.ResourceOptions(parent=within)
            BucketFiles("dags", bucket="acme-dags", folder=folder, opts=opts)

    with pytest.raises(pulumi.RunError, match="'dags' and files 'dags' are mirrored"):
        run(program, preview=True)


@BOTH
@pytest.mark.parametrize(
    ("paths", "outer", "within"),
    [
        (("", "dags/team/"), "first", "dags/team"),
        (("dags/", "dags/team/"), "first", "team"),
        (("dags/team/", "dags/"), "second", "team"),
        (("dags/team/", ""), "second", "dags/team"),
    ],
)
def test_a_mirror_within_another_is_refused(
    declare: Callable[..., None],
    folder: Path,
    paths: tuple[str, str],
    outer: str,
    within: str,
) -> None:
    """Whichever comes first; the way out is named."""
    said = rf"'dags/team/', within .* '{outer}' .* have '{outer}' ignore '/{within}/'"
    with pytest.raises(pulumi.RunError, match=said):
        run(partial(declare, folder, *paths), preview=True)


@BOTH
@pytest.mark.parametrize(
    ("first", "second", "ignore"),
    [
        ("a/", "b/", ()),
        ("dags/", "dags-old/", ()),
        ("dags/", "dagsX/", ()),
        ("dags/", "dags/team/", ("/team/",)),
        ("", "dags/team/", ("/dags/",)),
        ("", "dags/team/", ("dags/team/*",)),
    ],
)
def test_mirrors_that_leave_each_other_alone_may_share_a_store(
    declare: Callable[..., None],
    folder: Path,
    first: str,
    second: str,
    ignore: tuple[str, ...],
) -> None:
    """Side by side, or one within what the other ignores."""
    made = run(partial(declare, folder, first, second, *ignore), preview=True)
    field = "prefix" if declare is in_bucket else "path"
    assert [made[name].inputs[field] for name in ("first", "second")] == [first, second]


def test_what_the_inner_mirror_ignores_does_not_count(folder: Path) -> None:
    """It is the outer one that removes."""
    with pytest.raises(pulumi.RunError, match=r"within what files 'second' mirror"):
        run(partial(in_bucket, folder, "dags/team/", "dags/", "team/"))


def test_without_a_stack_there_are_no_two_of_one_program(folder: Path) -> None:
    """As in a test that declares resources one by one."""

    def program() -> None:
        set_root_resource(None)  # type: ignore[arg-type]  # as outside a program
        for name in ("first", "second"):
            BucketFiles(name, bucket="acme-dags", folder=folder)

    assert {"first", "second"} <= {one.name for one in run(program).registered}


def test_stores_and_environments_are_told_apart(folder: Path) -> None:
    """One path of two buckets, and of two volumes of one name, is two places."""

    def program() -> None:
        for name in ("one", "another"):
            BucketFiles(f"in-{name}", bucket=f"bucket-{name}", folder=folder)
            volume = ModalVolume(f"of-{name}", name="dags", environment=name)
            VolumeFiles(f"on-{name}", volume=volume, folder=folder)

    assert len(run(program).registered) == 8


def test_a_bucket_that_is_not_known_yet_is_seen_by_the_update(folder: Path) -> None:
    """A preview knows nothing to compare; the update refuses the second mirror."""

    def program() -> None:
        made = Bucket("made", name="acme-dags")
        told = pulumi.Output.all(made.home_region, "acme-dags").apply(
            lambda both: both[1]
        )
        for name in ("first", "second"):
            BucketFiles(name, bucket=told, folder=folder)

    assert run(program, preview=True)["second"].inputs["prefix"] == rpc.UNKNOWN
    with pytest.raises(pulumi.RunError, match=SAME):
        run(program, respond=lambda _: {"home_region": "eu-west-1"})
