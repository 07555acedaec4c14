"""A journal that a crash or a full disk has damaged: never more than what it said."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.journals import MARKS, survives

WHOLE = "".join(f"{sign}{mark}\n" for sign, mark in zip("+==-", MARKS, strict=True))


@given(st.binary(max_size=40).map(lambda noise: WHOLE.encode() + noise))
@example(WHOLE.encode()[:-1])
@example(WHOLE.encode()[:-30])
@example(b"\xff\xfe\x00\n\n+")
@example(b"")
def test_whatever_is_there_is_read_and_can_be_gone_on_with(content: bytes) -> None:
    """What comes after the damage is not lost with it."""
    survives(content)


@given(st.integers(0, len(WHOLE)))
def test_a_whole_line_counts_wherever_the_rest_was_cut(length: int) -> None:
    """As much as came to the disk is what was begun."""
    survives(WHOLE.encode()[:length])
