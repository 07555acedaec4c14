"""What a manifest says of a folder, and what it refuses to say."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import ConfigurationError, RefusedError
from components.kernel.folder import (
    File,
    Ignore,
    from_program,
    inside,
    read_folder,
    unchanged,
)
from tests.support.mirrors import write

NAMES = st.text("abé ._-#!", min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


def _no_file_is_a_folder(files: dict[str, bytes]) -> bool:
    return not any(other.startswith(f"{path}/") for path in files for other in files)


FOLDERS = st.dictionaries(PATHS, st.binary(max_size=20), min_size=1).filter(
    _no_file_is_a_folder
)


def _filled(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def refused(folder: Path, *ignore: str) -> str:
    """Return why a folder cannot be read."""
    with pytest.raises(ConfigurationError) as told:
        read_folder(folder, ignore)
    return str(told.value)


@given(files=FOLDERS, moved=st.randoms(use_true_random=False))
def test_a_manifest_is_the_files_and_nothing_else(
    files: dict[str, bytes], moved: object
) -> None:
    """Neither the place, the order of writing nor any date has a part in it."""
    there, here = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    try:
        shuffled = list(files.items())
        moved.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
        found = read_folder(_filled(there, files))
        again = read_folder(_filled(here, dict(shuffled)))
        for file in here.rglob("*"):
            os.utime(file, (1, 1))
        assert found == again == read_folder(here)
        assert list(found) == list(again)
        assert {path: (file.sha256, file.size) for path, file in found.items()} == {
            path: (hashlib.sha256(content).hexdigest(), len(content))
            for path, content in files.items()
        }
        assert all(inside(path) == path for path in found)
    finally:
        shutil.rmtree(there)
        shutil.rmtree(here)


def test_a_same_size_edit_with_an_old_date_is_seen(tmp_path: Path) -> None:
    """A checkout or a zip may set any date; the hash is what counts."""
    file = write(tmp_path, {"a.py": "x = 1"}) / "a.py"
    before = read_folder(tmp_path)
    old = file.stat()
    file.write_text("x = 2")
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert read_folder(tmp_path) != before


def test_what_tools_leave_behind_is_ignored(tmp_path: Path) -> None:
    """Caches, git's own and Finder's are no part of what is mirrored."""
    junk = ["__pycache__/a.pyc", "pkg/__pycache__/b.pyc", "c.pyc", "d/.DS_Store"]
    write(tmp_path, {"a.py": "", **dict.fromkeys([*junk, ".git/HEAD", "e/.git"], "")})
    assert list(read_folder(tmp_path)) == ["a.py"]


def test_patterns_are_those_of_gitignore(tmp_path: Path) -> None:
    """They name files, folders, depths and exceptions, and have defaults back."""
    files = ["build/x", "deep/build/y", "a.log", "keep.log", "top", "deep/top", "k.pyc"]
    write(tmp_path, dict.fromkeys(files, ""))
    found = read_folder(tmp_path, ["build/", "*.log", "!keep.log", "/top", "!k.pyc"])
    assert set(found) == {"keep.log", "deep/top", "k.pyc"}


@given(path=PATHS, pattern=st.sampled_from(["a/", "*.b", "/a", "b", "!a", "a/**/b"]))
def test_a_path_is_ignored_as_the_walk_ignores_it(path: str, pattern: str) -> None:
    """What the store lists is judged as the folder is: nothing below an ignored one."""
    folder = Path(tempfile.mkdtemp())
    try:
        write(folder, {path: "", "0": ""})
        kept = path in read_folder(folder, [pattern])
        assert Ignore([pattern])(path) == (not kept)
    finally:
        shutil.rmtree(folder)


def test_nothing_below_an_ignored_folder_can_be_had_back(tmp_path: Path) -> None:
    """As in git, at any depth; and a store's listing is judged alike."""
    below = ("a/b", "a/c/d", "e/a/f/g")
    write(tmp_path, dict.fromkeys((*below, "keep"), ""))
    patterns = ["a/", "!a/b", "!a/c/", "!g"]
    assert list(read_folder(tmp_path, patterns)) == ["keep"]
    ignored = Ignore(patterns)
    assert [ignored(path) for path in (*below, "keep")] == [True] * 3 + [False]


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", ".", "./a", "a/./b", "..", "a/..", "../a", "a\0"]
)
def test_a_path_that_leads_out_of_a_folder_is_none(path: str) -> None:
    """Nor is one that leads nowhere in it; whoever writes it is told how to."""
    with pytest.raises(ValueError, match="is not a path") as told:
        inside(path)
    assert str(told.value) == (
        "is not a path below a folder; write it like 'dags/etl.py'"
    )


@pytest.mark.parametrize(
    ("pattern", "path", "is_ignored"),
    [
        ("a/", "a/b", True),
        ("a/", "a", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/c/d/b", True),
        ("a***c", "abbc", True),
        ("a***c", "a/c", False),
        ("a/***/c", "a/b/c", True),
        ("a/***/c", "a/c", False),
        ("a/***/c", "a/b/b/c", False),
        (r"a\**", "a*b", True),
        (r"a\***", "a*b", True),
        (r"a\***", "ab", False),
        ("*" * 60 + "a", "b" * 60, False),
    ],
)
def test_a_row_of_stars_is_one_star(
    pattern: str, path: str, *, is_ignored: bool
) -> None:
    """As in git: only `**` alone leads over folders, and an escaped star is a star.

    The last would take for ever, star by star.
    """
    assert Ignore([pattern])(path) == is_ignored


def test_an_exception_of_any_depth_is_one(tmp_path: Path) -> None:
    """The two stars of `!**/b` lead over folders as those of `**/b` do."""
    write(tmp_path, dict.fromkeys(("a/b", "a/c/b", "b", "a/d"), ""))
    patterns = ["**/b", "d", "!**/b"]
    assert set(read_folder(tmp_path, patterns)) == {"a/b", "a/c/b", "b"}
    patterns = ["b", "!a/** "]  # blanks at a line's end count for nothing
    assert set(read_folder(tmp_path, patterns)) == {"a/b", "a/c/b", "a/d"}


def test_an_odd_pattern_is_taken_without_a_word() -> None:
    """The regex that it becomes would warn whoever runs the program of `[[`."""
    assert Ignore(["[[a]"])("[")


def test_a_wrong_pattern_is_one_sentence(tmp_path: Path) -> None:
    """It is told at the first preview, and named."""
    write(tmp_path, {"a": ""})
    assert refused(tmp_path, "!") == (
        "ignore: invalid git pattern: '!'; write patterns as in a .gitignore file"
    )


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """So is one without files, and a file in its place."""
    no_folder = (
        "is not there; correct its path, which starts from the folder of Pulumi.yaml"
    )
    assert refused(tmp_path / "no") == f"folder '{tmp_path}/no' {no_folder}"
    with pytest.raises(ConfigurationError) as told:
        read_folder("")
    assert str(told.value) == f"folder '' {no_folder}"
    write(tmp_path, {"__pycache__/a.pyc": ""})
    assert refused(tmp_path) == (
        f"folder '{tmp_path}' has no files to mirror; put one there, or remove the "
        "resource if what it mirrored may go"
    )
    write(tmp_path, {"file": ""})
    assert refused(tmp_path / "file") == f"folder '{tmp_path}/file' {no_folder}"


def test_links_are_followed(tmp_path: Path) -> None:
    """A monorepo's shared code is mirrored wherever a link has it."""
    write(tmp_path / "shared", {"lib/a.py": "a"})
    write(tmp_path / "dags", {"b.py": "b"})
    (tmp_path / "dags/lib").symlink_to("../shared/lib")
    (tmp_path / "dags/c.py").symlink_to("b.py")
    assert list(read_folder(tmp_path / "dags")) == ["b.py", "c.py", "lib/a.py"]


def test_a_link_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    """So is one to a folder that it is in, and what is neither file nor folder."""
    write(tmp_path, {"a": ""})
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    neither = (
        f"'{link}' is neither a file nor a folder, nor a link to one that is there; "
        "remove it, or ignore it"
    )
    assert refused(tmp_path) == neither
    assert list(read_folder(tmp_path, ["link"])) == ["a"]
    link.unlink()
    link.symlink_to(".")
    assert refused(tmp_path) == (
        f"'{link}' is a link to a folder that it is in; remove it, or ignore it"
    )
    assert list(read_folder(tmp_path, ["link/"])) == ["a"]
    link.unlink()
    os.mkfifo(link)
    assert refused(tmp_path) == neither


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """It names the file and the reason, and no traceback."""
    (tmp_path / "memory").symlink_to("/proc/self/mem")  # not even root reads its start
    assert refused(tmp_path) == (
        f"'{tmp_path}/memory' cannot be read (Input/output error); make it readable, "
        "or ignore it"
    )


def test_a_folder_that_no_system_can_name_is_one_sentence() -> None:
    """It is not asked for again as if it were merely missing."""
    name = "a" * 5000
    assert refused(Path(name)) == (
        f"'{name}' cannot be read (File name too long); make it readable, or ignore it"
    )


def test_a_folder_that_cannot_be_listed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However deep it is; root, who runs the tests in CI, could list any."""
    list_folder = os.scandir

    def scandir(folder: Path) -> object:
        if folder.name == "secret":
            raise PermissionError(errno.EACCES, "Permission denied")
        return list_folder(folder)

    monkeypatch.setattr("os.scandir", scandir)
    write(tmp_path, {"a/secret/b": ""})
    assert refused(tmp_path) == (
        f"'{tmp_path}/a/secret' cannot be read (Permission denied); make it readable, "
        "or ignore it"
    )


def test_a_name_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    """Pulumi's properties hold UTF-8 alone."""
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))).touch()
    with pytest.raises(ConfigurationError, match="is not UTF-8; rename the file"):
        read_folder(tmp_path)


def test_what_can_be_run_is_part_of_it(tmp_path: Path) -> None:
    """Other permissions are the umask's; a store that has none leaves them out."""
    file = write(tmp_path, {"run.sh": "", "data": ""}) / "run.sh"
    file.chmod(0o700)
    found = read_folder(tmp_path)
    assert (found["run.sh"].executable, found["data"].executable) == (True, None)
    file.chmod(0o775)
    assert read_folder(tmp_path) == found
    assert read_folder(tmp_path, mode=False)["run.sh"].executable is None


def test_a_folder_is_named_from_the_program_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two checkouts in two places have one plan."""
    named = set()
    for checkout in ("one", "two"):
        (tmp_path / checkout).mkdir()
        monkeypatch.chdir(tmp_path / checkout)
        named |= {from_program("dags"), from_program(tmp_path / checkout / "dags")}
    assert named == {"dags"}
    assert from_program(tmp_path / "shared") == "../shared"


def test_what_changed_since_the_plan_is_not_sent(tmp_path: Path) -> None:
    """What is uploaded is what was approved; anything else needs another plan."""
    write(tmp_path, {"a": "1", "b": "1"})
    files = read_folder(tmp_path)
    assert unchanged(str(tmp_path), files, ["a"]) == {"a": tmp_path / "a"}
    write(tmp_path, {"a": "2"})
    assert unchanged(str(tmp_path), files, ["b"]) == {"b": tmp_path / "b"}
    with pytest.raises(RefusedError) as told:
        unchanged(str(tmp_path), files, ["a", "b"])
    assert str(told.value) == (
        f"'a' in '{tmp_path}' is not what it was when the plan was made; run again"
    )
    (tmp_path / "b").unlink()
    with pytest.raises(RefusedError, match=r"'b' in '.*' is not what it was when"):
        unchanged(str(tmp_path), files, ["b"])


def test_a_file_is_read_once_while_it_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many mirrors of one folder cost one; a file just written is never trusted."""
    write(tmp_path, {"a": "1"})
    reads: list[object] = []
    hash_file = hashlib.file_digest

    def counted(content: object, algorithm: object) -> object:
        reads.append(content)
        return hash_file(content, algorithm)  # type: ignore[arg-type]  # as given

    monkeypatch.setattr(hashlib, "file_digest", counted)
    assert read_folder(tmp_path) == read_folder(tmp_path)
    assert len(reads) == 2
    monkeypatch.setattr("components.kernel.folder._SETTLED_NS", -(10**18))
    read_folder(tmp_path)
    reads.clear()
    assert read_folder(tmp_path)["a"] == File(
        sha256=hashlib.sha256(b"1").hexdigest(), size=1
    )
    assert reads == []
    for text in ("2", "3"):  # the second time as a checkout does, with an old date
        write(tmp_path, {"a": text})
        os.utime(tmp_path / "a", ns=(1, 1))
        assert read_folder(tmp_path)["a"].sha256 == (
            hashlib.sha256(text.encode()).hexdigest()
        )
    assert len(reads) == 2


@pytest.mark.parametrize(
    "witness",
    ["path", "st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"],
)
def test_one_witness_is_enough_to_read_a_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, witness: str
) -> None:
    """File systems tell little: some have no stable inodes, fine times or devices."""
    all_alike = dict.fromkeys(
        ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns", "st_mode"), 1
    )
    for number, text in enumerate(("one", "two")):
        folder = tmp_path / (text if witness == "path" else "same")
        write(folder, {"a": text})
        told = SimpleNamespace(**{**all_alike, witness: number})
        monkeypatch.setattr("os.fstat", lambda _, told=told: told)
        found = read_folder(folder)
        monkeypatch.undo()
        assert found["a"].sha256 == hashlib.sha256(text.encode()).hexdigest()
