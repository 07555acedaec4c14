"""Bad values, and good ones that are bent until they may break something."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

Path: TypeAlias = tuple[int | str, ...]

# Deeper than Python's parsers go, and than any program means.
DEEP: Final = 2_000
TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\nb",
    "\t",
    "\x1b[31mred",
    "\ufeff",
    "\u202edesrever",
    "ü€😀",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "9" * 5_000,
    "x" * 70_000,
    "[" * DEEP,
    '{"a":' * DEEP,
    "[]",
    "{}",
    '"text"',
    '{"a":NaN}',
    '{"a":1,"a":2}',
    '"\\ud800"',
    "../../etc/passwd",
    "a//b",
    "${secrets.nobody}",
    "${blocks.nobody}",
    "${",
    "{{ prefect.variables.x }}",
    "{{ $FLOWGROUND_NO_SUCH_VARIABLE }}",
    "{{ a.b[0] }}",
    "{{",
    "%s%n{0}{a}",
    "a" * 300 + "!",
    "* * * * *",
    "FREQ=DAILY",
    "P1D",
    "2024-02-30T25:61:00Z",
    "Mars/Phobos",
    "AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN PRIVATE KEY-----",
    "postgres://user:hunter2@host/db",
    "__proto__",
    "__provider",
    "id",
    "constructor.__globals__",
)
NUMBERS: Final = (
    0,
    -1,
    1,
    True,
    2**31,
    2**53,
    2**53 + 2,
    -(2**63) - 2**20,
    2**64,
    10**300,
    0.1,
    -0.0,
    1e-320,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
)
EMPTY: Final = ({}, [], None, {"": None}, [None], [[]], [{}], {"a": {}}, {"": ""})


def deep(levels: int = 300) -> Any:
    """Return lists in lists: as deep as protobuf lets anything arrive, and more."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


SCALARS: Final = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.none()
VALUES: Final = (
    SCALARS
    | st.sampled_from([*EMPTY, deep(), {"a": deep()}, ["x"] * 2_000])
    | st.text(max_size=12)
    | st.floats()
    | st.integers(-(2**70), 2**70)
    | st.recursive(
        SCALARS | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=6), inner, max_size=3)
        ),
        max_leaves=5,
    )
)


@dataclass
class Opened:
    """What a JSON text says, to be bent and written again."""

    value: Any


def opened(value: Any) -> Any:
    """Look into JSON texts, at any depth."""
    match value:
        case dict():
            return {key: opened(item) for key, item in value.items()}
        case list() | tuple():
            return [opened(item) for item in value]
        case str() if value[:1] in {"{", "["}:
            try:
                return Opened(json.loads(value))
            except (ValueError, RecursionError):
                return value
        case _:
            return value


def closed(value: Any) -> Any:
    """Write JSON texts again."""
    match value:
        case dict():
            return {key: closed(item) for key, item in value.items()}
        case list():
            return [closed(item) for item in value]
        case Opened():
            return json.dumps(value.value)
        case _:
            return value


def unpacked(value: Any) -> Any:
    """Return a value as a program holds it: JSON texts as what they say."""
    match opened(value):
        case dict() as entries:
            return {key: unpacked(item) for key, item in entries.items()}
        case list() as items:
            return [unpacked(item) for item in items]
        case Opened(inner):
            return inner
        case plain:
            return plain


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield where something is, the whole first; an opened text is a step, ``"$"``."""
    yield at
    match value:
        case dict():
            for key, item in value.items():
                yield from paths(item, (*at, key))
        case list():
            for index, item in enumerate(value[:20]):
                yield from paths(item, (*at, index))
        case Opened():
            yield from paths(value.value, (*at, "$"))


def _inner(value: Any, step: int | str) -> Any:
    return value.value if isinstance(value, Opened) else value[step]


def at(value: Any, path: Path) -> Any:
    """Return what is at a path."""
    for step in path:
        value = _inner(value, step)
    return value


def _put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    parent = at(value, path[:-1])
    if isinstance(parent, Opened):
        parent.value = new
    else:
        parent[path[-1]] = new
    return value


@st.composite
def bent(draw: st.DrawFn, seed: Any, values: Any = VALUES, times: int = 3) -> Any:
    """Draw a value that differs from a good one in up to so many places."""
    value = opened(copy.deepcopy(seed))
    for _ in range(draw(st.integers(1, times))):
        value = _bend(draw, value, values.map(copy.deepcopy))
    return closed(value)


def _bend(draw: st.DrawFn, value: Any, values: Any) -> Any:
    path = draw(st.sampled_from([*paths(value)][1:] or [()]))
    here = at(value, path)
    parent = at(value, path[:-1]) if path else None
    ways = ["replace", "wrap", "twin"]
    if isinstance(here, dict):
        ways += ["extra"]
    if isinstance(parent, dict):
        ways += ["drop", "rename"]
    match draw(st.sampled_from(ways)):
        case "extra":
            here[draw(st.sampled_from(TEXTS) | st.text(max_size=8))] = draw(values)
        case "drop":
            del parent[path[-1]]
        case "rename":
            key = draw(st.sampled_from(TEXTS) | st.text(max_size=8))
            parent[key] = parent.pop(path[-1])
        case "wrap":
            wrapped = [here] if draw(st.booleans()) else {"a": here}
            value = _put(value, path, wrapped)
        case "twin" if isinstance(here, list) and here:
            here.append(copy.deepcopy(here[0]))
        case _:
            value = _put(value, path, draw(values))
    return value


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, JSON texts whole and opened; no keys."""
    match value:
        case str():
            yield value
            if value[:1] in {"{", "[", '"'}:
                try:
                    yield from texts(json.loads(value))
                except (ValueError, RecursionError):
                    return
        case dict():
            for item in value.values():
                yield from texts(item)
        case list() | tuple():
            for item in value:
                yield from texts(item)
