"""A prefect.yaml that is wrong, in any way: told by its path, and nothing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fuzz import projects
from tests.fuzz.budget import few
from tests.fuzz.nasty import bent
from tests.fuzz.projects import SEEDS, is_told_or_declared, is_told_or_read
from tests.fuzz.raw import YAML_SCRAPS, cut

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _clean() -> Iterator[None]:
    """Remove the copies of projects at the end."""
    yield
    projects.clean_up()


@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"templates"}))
def test_the_projects_are_taken(name: str) -> None:
    """Else their mutations would be told for a reason that is not theirs."""
    assert is_told_or_declared(name, SEEDS[name].read_bytes()) == ""


def written(value: Any) -> bytes:
    """Write what YAML has a form for."""
    try:
        return yaml.safe_dump(value, allow_unicode=True).encode()
    except (yaml.YAMLError, UnicodeEncodeError, RecursionError):
        assume(False)
        raise


@few(60)
@given(st.data(), st.sampled_from(sorted(SEEDS)))
def test_a_bad_project_is_told(data: st.DataObject, name: str) -> None:
    """No traceback: what is wrong, by its path in the file."""
    content = data.draw(bent(projects.content(name), times=2))
    is_told_or_declared(name, written(content))


@few(200)
@given(st.data(), st.sampled_from(sorted(SEEDS)))
def test_a_file_that_is_no_yaml_is_told(data: st.DataObject, name: str) -> None:
    """By its line, whatever an editor, a merge or a disk has made of it."""
    is_told_or_read(name, data.draw(cut(SEEDS[name].read_bytes(), YAML_SCRAPS)))


BOMB = "a: &a [x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)
FLOW = "deployments: [{name: a, entrypoint: flows.py:plain, work_pool: {name: p}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\xff\xfea", "position 2 is no text"),
        (b"name: \xe9", "is no text; write it anew as UTF-8"),
        (b"name: \x00", "position 6 is no text"),
        ("\ufeffname: 1".encode(), "name: Input should be a valid string"),
        (b"name: a\n\tb: c", "line 2"),
        (b"name: 2024-02-30", "(line 1): a value is no timestamp"),
        (b"name: !!int x", "(line 1): a value is no int"),
        (b"name: !!binary aGk=", "a value is a binary"),
        (b"name: !!set {a}", "a value is a set"),
        (b"name: " + b"9" * 5_000, "(line 1): a value is no int"),
        (b"name: 0x" + b"f" * 5_000, "a number has too many digits"),
        (b"name: .nan", "a number is nan"),
        (b"name: &a [*a]", "an alias stands for what it is in"),
        (b"[" * 5_000, "nested deeper than 100 levels"),
        (b"name: " + b"[" * 150 + b"]" * 150, "nested deeper than 100 levels"),
        (BOMB.encode(), "its aliases stand for over"),
        (b"name: a\ndeployments: []\nname: b", "(line 3): 'name' is there twice"),
        (b"? [a]\n: b", "(line 1): a key is no text"),
        (b"!!python/name:os.system x", "could not determine a constructor"),
        (b"a: b\n---\nc: d", "found another document"),
        (b"pull: [{a.b: {id: {c: d}}}]", "pull[0]: has an id that is no text"),
        (f"{FLOW}, entrypoint: 'a\\0b.py:c'}}]".encode(), "'entrypoint' is there"),
    ],
)
def test_what_was_a_traceback_or_lost_is_told(text: bytes, told: str) -> None:
    """Each was found by the tests above, or by `make fuzz`."""
    assert told in is_told_or_read("fields", text)


def test_what_merges_a_mapping_may_say_a_key_anew() -> None:
    """`<<` is there for that; the projects above use it."""
    text = b"definitions: {a: &a {b: 1}, c: {<<: *a, b: 2}}"
    assert is_told_or_read("fields", text) == ""


def test_of_very_many_faults_the_first_are_told() -> None:
    """Nobody reads two thousand, and the first often explains the rest."""
    told = is_told_or_read("fields", b"deployments: [" + b"x, " * 2_000 + b"]")
    assert told.count("\n") == 51
    assert told.endswith("… and 1950 more; correct these first")
