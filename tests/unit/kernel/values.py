"""Values and models that hypothesis makes up, and the border that they must cross."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from hypothesis import strategies as st
from pulumi.runtime import rpc
from pydantic import Field, create_model

from components.kernel import (
    Args,
    Json,
    JsonList,
    JsonObject,
    Names,
    Part,
    Secret,
    canonical_json,
)

if TYPE_CHECKING:
    from components.kernel.model import Properties

# Bigger than what a float holds exactly, in both directions.
INTEGERS = st.integers(-(2**70), 2**70)
TEXTS = st.text(max_size=8)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | INTEGERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [0, 0.0, 1, 1.0, True, False, -0.0, 2**53 + 1, "", [], {}, "ü€😀"]
    )
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)
JSON_OBJECTS = st.dictionaries(TEXTS, JSON_VALUES, max_size=3)
JSON_LISTS = st.lists(JSON_VALUES, max_size=3)


class Inner(Part):
    """A structured value, as deployments have schedules."""

    label: str
    count: int | None = None
    payload: Json = None
    options: JsonObject | None = None


INNERS = st.builds(
    Inner,
    label=TEXTS,
    count=st.none() | st.integers(-1000, 1000),
    payload=JSON_VALUES,
    options=st.none() | JSON_OBJECTS,
)

# Every type that fields of kinds are made of, with values that it may have.
FIELDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (bool, st.booleans()),
    (int, st.integers(-(2**53), 2**53)),
    (Annotated[int, Field(ge=0)], st.integers(0, 2**53)),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, TEXTS),
    (Annotated[str, Secret] | None, st.none() | TEXTS),
    (Literal["a", "b"], st.sampled_from(["a", "b"])),
    (Names, st.frozensets(TEXTS, max_size=4)),
    (list[str], st.lists(TEXTS, max_size=4)),
    (dict[str, int], st.dictionaries(TEXTS, st.integers(-9, 9), max_size=3)),
    (Json, JSON_VALUES),
    (JsonObject, JSON_OBJECTS),
    (JsonList, JSON_LISTS),
    (JsonObject | None, st.none() | JSON_OBJECTS),
    (Inner, INNERS),
    (Inner | None, st.none() | INNERS),
    (tuple[Inner, ...], st.lists(INNERS, max_size=3).map(tuple)),
    (dict[str, Inner], st.dictionaries(TEXTS, INNERS, max_size=2)),
    (dict[str, Json], st.dictionaries(TEXTS, JSON_VALUES, max_size=3)),
]


class Example(NamedTuple):
    """A model, and one object of it."""

    model: type[Args]
    args: Args


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Make up a model, and an object of it that leaves some defaults alone."""
    definition: dict[str, Any] = {}
    values: dict[str, Any] = {}
    chosen = draw(st.lists(st.sampled_from(FIELDS), max_size=5))
    for number, (annotation, strategy) in enumerate(chosen):
        name = f"field{number}"
        given = draw(strategy)
        optional = type(None) in getattr(annotation, "__args__", ())
        if optional:
            definition[name] = (annotation, None)
        elif draw(st.booleans()):
            definition[name] = (annotation, given)
            given = draw(st.just(given) | strategy)
        else:
            definition[name] = (annotation, ...)
        values[name] = given
    model = create_model("Made", __base__=Args, **definition)
    return Example(model, model(**values, adopt=draw(st.booleans())))


def across_the_border(props: Properties) -> Properties:
    """Return properties as they come out of the engine: through the SDK's own code."""
    loop = asyncio.new_event_loop()
    try:
        message = loop.run_until_complete(rpc.serialize_properties(props, {}))
    finally:
        loop.close()
    arrived = rpc.deserialize_properties(message)
    floats: Properties = as_floats(arrived)
    return floats


def as_floats(value: Any) -> Any:
    """Leave of numbers what the protocol does, which has none but floats."""
    match value:
        case bool():
            return value
        case int():
            return float(value)
        case dict():
            return {k: as_floats(v) for k, v in value.items()}
        case list():
            return [as_floats(item) for item in value]
        case _:
            return value


def exactly(value: Any) -> str:
    """Write a value so that 1, 1.0 and True differ, which Python's == does not."""
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    return canonical_json(value.model_dump())
