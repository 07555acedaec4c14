"""What errors show of bad input: enough to find it, and nothing that hides the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel.check import Failure, property_path
from components.kernel.errors import MAX_LENGTH, one_line
from tests.fuzz.nasty import TEXTS
from tests.fuzz.sentences import unclear

KEYS = st.sampled_from(TEXTS) | st.text() | st.integers(0, 9)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("\0", '["\\u0000"]'),
        ("a\nb", '["a\\nb"]'),
        (" ", '[" "]'),
        (" a", '[" a"]'),
        ("\u202ea", '["\\u202ea"]'),
        ("\ud800", '["\\ud800"]'),
        ("x" * 61, f'["{"x" * 60}…"]'),
    ],
)
def test_a_key_that_would_hide_itself_is_quoted(key: str, path: str) -> None:
    """A key of spaces, of control characters or of a page is still seen for a key."""
    assert property_path((key,)) == path


def test_a_path_without_end_is_cut() -> None:
    """Where a value has hundreds of levels, twenty name the place."""
    assert property_path(("a", *[0] * 300)) == "a" + "[0]" * 19 + "…"


@given(st.lists(KEYS, min_size=1, max_size=30), st.sampled_from(TEXTS) | st.text())
def test_any_failure_stays_in_one_line(keys: list[str | int], reason: str) -> None:
    """Whatever key it is at, and whatever it has to echo."""
    path, told = Failure.at(tuple(keys), f"has '{reason}'; correct it")
    assert unclear(path) is None
    assert unclear(told) is None


def test_of_a_long_text_both_ends_are_told() -> None:
    """What it is about comes first, and what to do last."""
    told = one_line("'" + "x" * 70_000 + "' is too long; shorten it")
    assert told.startswith("'xxx")
    assert told.endswith("x' is too long; shorten it")
    assert len(told) == MAX_LENGTH + len(" … ")
