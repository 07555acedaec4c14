"""YAML and JSON of people and tools: read whole, or told what is wrong and where."""

from __future__ import annotations

import datetime as dt
import inspect
import sys
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import ConfigurationError
from components.kernel.parsing import of_that_form, parse_json, parse_yaml, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(read: Callable[[Any], Any], text: Any) -> str:
    """Return why a text is not read."""
    with pytest.raises(ConfigurationError) as told:
        read(text)
    assert told.value.__suppress_context__
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        (
            "a: 1\nb: [1.5, true, null, x, '1']",
            {"a": 1, "b": [1.5, True, None, "x", "1"]},
        ),
        (b"\xef\xbb\xbfa: \xc3\xa9", {"a": "é"}),
        ("a: &x {b: 1}\nc: *x\nd: *x", {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1}}),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: 2026-01-31", {"a": dt.date(2026, 1, 31)}),
        ("1: a\n'1': b", {1: "a", "1": "b"}),
        ("a: {b: 1}\nc: {b: 1}", {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)
def test_yaml_is_read_whole(text: str | bytes, value: Any) -> None:
    """Aliases and merges are written out, and keys of two types are two keys."""
    assert parse_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [1\nb: 2", "(line 2): expected ',' or ']', but got ':'"),
        ("a: 1\nb: 2\na: 3", "(line 3): 'a' is there twice"),
        ("a: 1\n<<: {b: 1}\n<<: {c: 1}", "(line 3): '<<' is there twice"),
        ("\n? [1, 2]\n: a", "(line 2): a key is no text"),
        ("\n? {a: 1}\n: a", "(line 2): a key is no text"),
        ("a: 2026-13-45", "(line 1): a value is no timestamp, as it is said to be"),
        ("\na: !!int x", "(line 2): a value is no int, as it is said to be"),
        ("a: !!python/name:os.system ''", None),
        ("a: !mine x", None),
        ("a: .nan", "(line 1): a number is nan, and JSON has no such"),
        ("a: [1, -.inf]", "(line 1): a number is -inf, and JSON has no such"),
        ("a: !!binary aGk=", "(line 1): a value is a binary, and JSON has none"),
        ("a: !!set {b, c}", "(line 1): a value is a set, and JSON has none"),
        ("\n\na: &x [*x]", "(line 3): an alias stands for what it is in"),
        ("a: &x {b: *x}", "(line 1): an alias stands for what it is in"),
        ("a: !!map x", "(line 1): expected a mapping node, but found scalar"),
        ("a: 1\n---\nb: 1", "(line 2): but found another document"),
        ("a: *b", "(line 1): found undefined alias 'b'"),
        ("a: \t- b", None),
    ],
)
def test_what_is_no_yaml_is_told_by_its_line(text: str, why: str | None) -> None:
    """What the parser would lose, too: of two equal keys it keeps the last."""
    told = refused(parse_yaml, text)
    if why is None:
        assert told.startswith("is not YAML (line 1): ")
        assert told.endswith("; correct it")
    else:
        assert told == f"is not YAML {why}; correct it"


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_yaml_may_be_a_hundred_levels_deep(brackets: str) -> None:
    """Deeper is nobody's, and would be the end of the interpreter."""
    start = {"[]": "[", "{}": "{a: "}[brackets]
    parse_yaml(start * 99 + brackets + brackets[1] * 99)
    assert refused(parse_yaml, start * 101 + "1" + brackets[1] * 101) == (
        "is not YAML (line 1): it is nested deeper than 100 levels; correct it"
    )
    assert "it is nested deeper than 100 levels; " in refused(
        parse_yaml, start * 100_000
    )


def test_yaml_is_told_that_the_interpreter_has_no_room_for() -> None:
    """Whoever asks may be deep in calls, so that a hundred levels are too many."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        told = refused(parse_yaml, "[" * 99 + "]" * 99)
    finally:
        sys.setrecursionlimit(limit)
    assert told == ("is not YAML: it is nested deeper than 100 levels; make it flatter")


def test_depth_is_counted_by_place() -> None:
    """Side by side is not within."""
    assert len(parse_yaml("[" + "[[1]], " * 500 + "]")) == 500


def test_what_aliases_stand_for_is_counted() -> None:
    """A page of them can stand for more than memory holds."""
    grown = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    grown += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert refused(parse_yaml, "\n".join(grown)) == (
        "is not YAML (line 7): its aliases stand for over 1,000,000 values; correct it"
    )
    assert len(parse_yaml("\n".join(grown[:5]))) == 5


def test_values_are_counted_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A structure is one, and so is each key and each value in it."""
    monkeypatch.setattr("components.kernel.parsing._MOST_VALUES", 5)
    assert parse_yaml("{a: 1, b: 2}") == {"a": 1, "b": 2}
    assert parse_yaml("[1, [2, 3]]") == [1, [2, 3]]
    for text in ("{a: 1, b: [2]}", "[1, [2, 3, 4]]", "[&a [1, 2], *a]"):
        assert "its aliases stand for over 5 values" in refused(parse_yaml, text)


def test_a_number_has_an_end() -> None:
    """Python reads such a number and cannot write it."""
    assert parse_yaml(f"a: 0x{'f' * 2048}") == {"a": 2**8192 - 1}
    assert refused(parse_yaml, f"a: 0x1{'0' * 2048}") == (
        "is not YAML (line 1): a number has too many digits; correct it"
    )


def test_bytes_that_are_no_text_are_told_by_their_place() -> None:
    """No line can be told of them."""
    assert refused(parse_yaml, b"a: \xff") == (
        "is not YAML: what is at position 3 is no text; write it anew as UTF-8"
    )


def test_a_long_name_is_told_in_one_line() -> None:
    """The parser echoes it, whatever is in it."""
    told = refused(parse_yaml, f"a: *{'x' * 5000}")
    assert len(told) < 700
    assert told.endswith("; correct it")


def test_a_file_is_named(tmp_path: Path) -> None:
    """With what is wrong in it, or with it; one that is not there is the caller's."""
    file = tmp_path / "a.yaml"
    with pytest.raises(FileNotFoundError):
        read_yaml(file)
    file.write_text("a: é", encoding="utf-8")
    assert read_yaml(file) == {"a": "é"}
    file.write_text("a: 1\na: 2")
    assert refused(read_yaml, file) == (
        f"{file} is not YAML (line 2): 'a' is there twice; correct it"
    )
    assert refused(read_yaml, tmp_path) == (
        f"{tmp_path} cannot be read (Is a directory); correct its path, or make it "
        "readable"
    )
    odd = tmp_path / "a\0b"
    assert refused(read_yaml, odd) == (
        f"{odd} cannot be read (it is no name of a file); correct its path, or make it "
        "readable"
    )


@pytest.mark.parametrize("text", ['{"a": [1, null]}', b'{"a": [1, null]}'])
def test_json_is_read(text: str | bytes) -> None:
    """From text or bytes."""
    assert parse_json(text) == {"a": [1, None]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":\n nope}', "is not JSON (line 2); write it anew"),
        ("", "is not JSON (line 1); write it anew"),
        (
            b'"\xff"',
            "is not JSON: it is no text, or has a number without end; write it anew",
        ),
        (
            "1" * 5000,
            "is not JSON: it is no text, or has a number without end; write it anew",
        ),
        (
            "[" * 100_000,
            "is not JSON: it is nested deeper than 100 levels; make it flatter",
        ),
    ],
    ids=["value", "empty", "no text", "number", "depth"],
)
def test_what_is_no_json_is_told(text: str | bytes, why: str) -> None:
    """By its line, where it has one."""
    assert refused(parse_json, text) == why


@pytest.mark.parametrize(
    "error",
    [KeyError("a"), IndexError(), TypeError(), AttributeError(), ValueError("b")],
)
def test_a_document_of_another_form_is_told(error: Exception) -> None:
    """Where it is wrong is nobody's to know: no person has written it."""
    with (
        pytest.raises(ConfigurationError) as told,
        of_that_form("the plan", "make it again"),
    ):
        raise error
    assert str(told.value) == (
        "the plan is not as the tool that wrote it would have it; make it again"
    )
    assert told.value.__suppress_context__


def test_a_document_of_that_form_is_no_matter() -> None:
    """And what else goes wrong meanwhile is told by who knows it."""
    with of_that_form("the plan", "make it again"):
        pass
    with pytest.raises(OSError, match="down"), of_that_form("the plan", "again"):
        raise OSError("down")
