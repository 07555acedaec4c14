"""Edits of a stack's file change what they say, and not a character else."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import ConfigurationError
from tools.yaml_text import YamlText

FILE = textwrap.dedent(
    """\
    # Ours
    config:
      # How big
      probe:sizes:
        small: 1      # one
        "large": {a: 1, b: {c: 'x'}}
        list:
          - one
          - two: 2
        text: |
          first
          second

        # The empty one
        nothing:
      probe:last: "quoted"   # stays
    # After all
    encryptionsalt: v1:abc
    """
)
SIZES = ("config", "probe:sizes")


def _changed(new: str) -> list[str]:
    """Return the lines that are not what they were, with - and +."""
    old_lines, new_lines = FILE.splitlines(), new.splitlines()
    gone = [f"-{line}" for line in old_lines if line not in new_lines]
    return gone + [f"+{line}" for line in new_lines if line not in old_lines]


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        (("small",), 2, ["-    small: 1      # one", "+    small: 2      # one"]),
        (
            ("large", "b", "c"),
            "y: z",
            [
                "-    \"large\": {a: 1, b: {c: 'x'}}",
                '+    "large": {a: 1, b: {c: "y: z"}}',
            ],
        ),
        (("nothing",), "on", ["-    nothing:", '+    nothing: "on"']),
        (
            ("small",),
            {"of": [1]},
            ["-    small: 1      # one", "+    small:      # one", "+      of:"],
        ),
        (
            ("text",),
            "short",
            ["-    text: |", "-      first", "-      second", "+    text: short"],
        ),
        (("list",), [], ["-    list:", "-      - one", "-      - two: 2"]),
        (("new",), None, ["+    new: null"]),
    ],
)
def test_one_value_is_replaced(path: Any, value: Any, changed: list[str]) -> None:
    """With its comment, and whatever stands around, as it was."""
    made = YamlText(FILE).set((*SIZES, *path), value, after="list")
    assert made.get((*SIZES, *path)) == value
    assert _changed(made.text)[: len(changed)] == changed


def test_an_entry_comes_after_the_one_that_is_named() -> None:
    """Behind its comment; and at the beginning if none is."""
    path = (*SIZES, "new")
    text = YamlText(FILE).set(path, {"x": 1}, after="small").text
    assert 'small: 1      # one\n    new:\n      x: 1\n    "large"' in text
    text = YamlText(FILE).set(path, 1).text
    assert "probe:sizes:\n    new: 1\n    small" in text
    text = YamlText(FILE).set((*SIZES, "large", "z"), 1, after="a").text
    assert "{a: 1, z: 1, b: {c: 'x'}}" in text


def test_an_entry_goes_with_the_comment_that_is_right_above_it() -> None:
    """What stands further off is somebody else's."""
    text = YamlText(FILE).remove((*SIZES, "nothing")).text
    assert "The empty one" not in text
    assert _changed(YamlText(FILE).remove((*SIZES, "list")).text) == [
        "-    list:",
        "-      - one",
        "-      - two: 2",
    ]
    text = YamlText(FILE).remove((*SIZES, "large", "a")).text
    assert "\"large\": {b: {c: 'x'}}" in text
    text = YamlText(FILE).remove((*SIZES, "large", "b", "c")).text
    assert '"large": {a: 1, b: {}}' in text


def test_an_entry_is_copied_with_its_comments() -> None:
    """In the column of where it comes to."""
    other = YamlText("config:\n    probe:sizes:\n        mine: 1\n")
    made = other.copied(YamlText(FILE), (*SIZES, "small"), after="mine")
    assert made.text.endswith("        mine: 1\n        small: 1      # one\n")
    made = other.copied(YamlText(FILE), ("config", "probe:last"), after="probe:sizes")
    assert made.text.endswith('    probe:last: "quoted"   # stays\n')


@pytest.mark.parametrize(
    "text", ["- a\n", "a: [\n", "a: &x 1\nb: *x\n", "a: {<<: {b: 1}}\nc: &y {}\n"]
)
def test_what_cannot_be_edited_is_told(text: str) -> None:
    """In a sentence, and nothing is written."""
    with pytest.raises(ConfigurationError, match=r"it (is no|is not|has) YAML"):
        YamlText(text)


def test_a_way_that_leads_nowhere_is_told() -> None:
    """A scalar has no entries."""
    with pytest.raises(ConfigurationError, match=r"small: is no mapping"):
        YamlText(FILE).set((*SIZES, "small", "x"), 1)
    with pytest.raises(ConfigurationError, match="not there to be removed"):
        YamlText(FILE).remove((*SIZES, "small", "x"))


KEYS = st.sampled_from(["a", "b", "c", "on", "1.0", "with space", "x:y", "a.b", "#"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), TEXTS, st.just("two\nlines\n")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """Write a mapping as somebody might, and put comments between its lines."""
    flow = draw(st.sampled_from([False, None]))
    said = yaml.safe_dump(
        draw(MAPPINGS),
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=2**31,
    )
    if draw(st.booleans()):
        said = f"# before\n{said}# after\n"
    return said


@given(_texts(), st.lists(KEYS, min_size=1, max_size=3), VALUES, st.data())
def test_any_edit_of_any_file_means_what_it_says(
    text: str, path: list[str], value: Any, data: st.DataObject
) -> None:
    """It is set, all else is as it was, and taken out again it is gone."""
    given_text = YamlText(text)
    at = tuple(path)
    above = given_text.get(at[:-1])
    if at[:-1] and not isinstance(above, dict | None):
        return
    if any(
        not isinstance(given_text.get(at[:n]), dict | None) for n in range(1, len(at))
    ):
        return
    siblings = [*above] if isinstance(above, dict) else []
    after = data.draw(st.sampled_from([None, *siblings]))
    made = given_text.set(at, value, after)
    assert made.get(at) == value
    for comment in ("# before", "# after"):
        assert (comment in made.text) >= (comment in text and comment not in str(value))
    assert at[-1] not in made.remove(at).get(at[:-1])
