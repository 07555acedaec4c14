"""From what a program holds to properties, and back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import pulumi
import pytest
from hypothesis import given
from pydantic import Field

from components.kernel import (
    Args,
    Json,
    JsonList,
    JsonObject,
    Names,
    Part,
    Secret,
    WriteOnly,
    canonical_json,
)
from components.kernel.check import check_properties
from components.kernel.inputs import from_output, to_inputs
from components.kernel.model import json_fields
from tests.unit.kernel.library import BookArgs, Chapter
from tests.unit.kernel.program import run
from tests.unit.kernel.values import Example, across_the_border, exactly, examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.kernel.model import Properties


class Cron(Part):
    """A schedule with JSON inside."""

    sort: Literal["cron"] = "cron"
    cron: str
    parameters: JsonObject | None = None


class Every(Part):
    """A schedule of another shape."""

    sort: Literal["every"] = "every"
    seconds: int
    extra: Json = None


class Chain(Part):
    """A part of parts."""

    first: Cron | None = None
    rest: dict[str, Every] = Field(default_factory=dict)


class Owned(Part):
    """A part whose values are more than the engine knows."""

    owner: UUID
    names: Names = frozenset()


class Job(Args):
    """Each shape that a field may have."""

    name: str = ""
    free: Json = None
    options: JsonObject | None = None
    many: Annotated[JsonList, Field(max_length=9)] = Field(default_factory=list)
    either: Cron | Every | None = None
    tagged: tuple[Annotated[Cron | Every, Field(discriminator="sort")], ...] = ()
    owned: Owned | None = None
    chain: Chain | None = None
    chains: list[Chain] = Field(default_factory=list)
    by_name: dict[str, Json] = Field(default_factory=dict)
    tags: Names = frozenset()
    count: int | None = None
    ids: list[UUID] = Field(default_factory=list)
    token: Annotated[str | None, Secret] = None
    key: Annotated[JsonObject | None, WriteOnly] = None


def sent(give: Callable[[], dict[str, Any]], *, preview: bool = False) -> Properties:
    """Return the properties that a program's values become, all outputs awaited."""

    def program() -> dict[str, Any]:
        props = to_inputs(Job, give())
        assert not {k for k, v in props.items() if v is None}
        return props

    return run(program, preview=preview).outputs


def out(value: Any) -> pulumi.Output[Any]:
    """Return an output of a value."""
    return pulumi.Output.from_input(value)


def unknown() -> pulumi.Output[Any]:
    """Return an output that only the update will know."""

    def now(value: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = asyncio.get_event_loop().create_future()
        future.set_result(value)
        return future

    return pulumi.Output(now(set()), now(None), is_known=now(False))


@given(examples())
def test_what_a_program_gives_arrives_as_it_was(example: Example) -> None:
    """Values of any model: sent, through the engine, checked, and given back."""
    model, args = example
    open_ = set(model.model_fields) - model.marked(Secret)
    plain = {name: getattr(args, name) for name in open_}
    props, failures = check_properties(
        model, across_the_border(to_inputs(model, plain))
    )
    assert failures == []
    wanted = model(
        **{k: v for k, v in plain.items() if v is not None or _must(model, k)}
    )
    assert exactly(props) == exactly(wanted.to_properties())
    for name in json_fields(model) & props.keys():
        value = wanted.model_dump(mode="json")[name]
        assert exactly(from_output(model, name, props[name])) == exactly(value)


def _must(model: type[Args], field: str) -> bool:
    return model.model_fields[field].is_required()


def test_none_stands_for_not_given() -> None:
    """It is no property at all."""
    given_ = {"name": None, "free": None, "count": 3, "token": None}
    assert to_inputs(Job, given_) == {"count": 3}


def test_none_is_a_value_where_any_json_value_must_be_given() -> None:
    """A required JSON field cannot be left out, so None says null."""

    class Must(Args):
        value: Annotated[Json, Field(description="any")]
        table: JsonObject
        title: str

    given_ = {"value": None, "table": None, "title": None}
    assert to_inputs(Must, given_) == {"value": "null"}


def test_what_the_model_does_not_know_is_handed_on() -> None:
    """Check will say that it is no field, and where."""
    assert to_inputs(Job, {"nmae": {"a": 1}}) == {"nmae": {"a": 1}}
    for misspelt in (
        {"either": {"sort": "every", "secnods": 5}},
        {"chain": {"frist": {"cron": "* *"}}},
    ):
        assert to_inputs(Job, misspelt) == misspelt


@pytest.mark.parametrize("value", [{"a": None}, [2**60], "x", 1.0, True, {}, [], ""])
def test_json_becomes_one_text(value: Any) -> None:
    """Whole, whatever its shape."""
    assert to_inputs(Job, {"free": value}) == {"free": canonical_json(value)}


def test_every_json_field_becomes_text() -> None:
    """Optional, constrained, in a mapping."""
    assert to_inputs(
        Job, {"options": {"a": None}, "many": [1, None], "by_name": {"x": [], "y": "z"}}
    ) == {
        "options": '{"a":null}',
        "many": "[1,null]",
        "by_name": {"x": "[]", "y": '"z"'},
    }


CRON = {"sort": "cron", "cron": "* *", "parameters": '{"a":null}'}
EVERY = {"sort": "every", "seconds": 5, "extra": "[2]"}


@pytest.mark.parametrize(
    "cron",
    [
        Cron(cron="* *", parameters={"a": None}),
        {"sort": "cron", "cron": "* *", "parameters": {"a": None}},
    ],
    ids=["model", "mapping"],
)
@pytest.mark.parametrize(
    "every",
    [Every(seconds=5, extra=[2]), {"sort": "every", "seconds": 5, "extra": [2]}],
    ids=["model", "mapping"],
)
def test_parts_may_be_models_or_mappings(cron: Any, every: Any) -> None:
    """JSON inside them becomes text either way, in every shape around them."""
    assert to_inputs(Job, {"either": cron}) == {"either": CRON}
    assert to_inputs(Job, {"either": every}) == {"either": EVERY}
    for given_ in ([cron, every], (cron, every)):
        assert to_inputs(Job, {"tagged": given_}) == {"tagged": [CRON, EVERY]}
    chain = {"first": cron, "rest": {"x": every}}
    written = {"first": CRON, "rest": {"x": EVERY}}
    assert to_inputs(Job, {"chain": chain, "chains": [chain]}) == {
        "chain": written,
        "chains": [written],
    }


def test_a_parts_values_are_written_as_the_engine_takes_them() -> None:
    """Ids and sets as text and lists, as check would."""
    id_ = "12345678-1234-5678-1234-567812345678"
    owned = Owned(owner=UUID(id_), names=frozenset("ba"))
    written = {"owner": id_, "names": ["a", "b"]}
    assert to_inputs(Job, {"owned": owned}) == {"owned": written}


def test_a_none_inside_a_mapping_is_not_given() -> None:
    """As at the top: it is no JSON null where the field is not there."""
    cron = {"cron": "* *", "parameters": None}
    assert to_inputs(Job, {"chain": {"first": None}}) == {"chain": {"first": None}}
    checked, failures = check_properties(Job, to_inputs(Job, {"either": cron}))
    assert failures == []
    assert checked["either"] == {"sort": "cron", "cron": "* *"}


def test_sets_are_sorted() -> None:
    """The engine has no sets; a fixed order keeps previews quiet."""
    for tags in ({"b", "a", "c"}, frozenset("cab")):
        assert to_inputs(Job, {"tags": tags}) == {"tags": ["a", "b", "c"]}
    assert to_inputs(Job, {"tags": ("b", "a")}) == {"tags": ["b", "a"]}
    # What is no name, check will tell; it has an order nevertheless.
    assert to_inputs(Job, {"tags": {"b", 1}}) == {"tags": [1, "b"]}


def test_plain_values_stay_as_they_are() -> None:
    """The engine takes them."""
    plain = {"name": "x", "count": 3, "ids": ["1"]}
    assert to_inputs(Job, plain) == plain


def test_outputs_inside_json_are_waited_for() -> None:
    """At any depth, in lists, mappings and tuples."""

    def give() -> dict[str, Any]:
        return {
            "free": {"a": [out(1), {"b": out({"c": None})}, (out("x"), 2)]},
            "options": {"n": out(2**60)},
            "many": out([None, {}]),
            "by_name": {"x": out([]), "y": [out(1)]},
        }

    assert sent(give) == {
        "free": '{"a":[1,{"b":{"c":null}},["x",2]]}',
        "options": '{"n":1152921504606846976}',
        "many": "[null,{}]",
        "by_name": {"x": "[]", "y": "[1]"},
    }


def test_a_value_that_has_no_json_form_is_told() -> None:
    """By its field, or as an output's, once that is known."""
    with pytest.raises(
        pulumi.RunError, match=r"^free has no JSON form \(.*\); correct"
    ):
        to_inputs(Job, {"free": float("nan")})
    with pytest.raises(
        pulumi.RunError, match=r"^what an output came to has no JSON form \("
    ):
        sent(lambda: {"free": out(float("nan"))})


def test_outputs_of_parts_are_waited_for() -> None:
    """Of a whole structure, of one part, and of a value within."""

    def give() -> dict[str, Any]:
        cron = {"sort": "cron", "cron": out("* *"), "parameters": {"a": out(None)}}
        return {
            "either": out({"sort": "every", "seconds": 5, "extra": [2]}),
            "tagged": [cron, out({"sort": "every", "seconds": 5, "extra": [2]})],
            "chains": out([{"first": {"cron": "x", "parameters": {"a": 1}}}]),
            "chain": {"first": cron, "rest": out({"x": {"seconds": 1, "extra": 1.0}})},
        }

    assert sent(give) == {
        "either": EVERY,
        "tagged": [CRON, EVERY],
        "chains": [{"first": {"cron": "x", "parameters": '{"a":1}'}}],
        "chain": {"first": CRON, "rest": {"x": {"seconds": 1, "extra": "1.0"}}},
    }


def test_an_output_of_none_is_not_given() -> None:
    """Known only while running, it means what None means."""
    values = sent(
        lambda: {"options": out(None), "either": out(None), "free": out(None)}
    )
    assert values == {"options": None, "either": None, "free": "null"}


def test_a_plain_output_stays_an_output() -> None:
    """There is nothing to convert."""
    assert sent(lambda: {"name": out("x"), "count": out(3)}) == {
        "name": "x",
        "count": 3,
    }


def test_what_is_unknown_keeps_its_whole_json_unknown() -> None:
    """A text of which a part is unknown is unknown; its neighbours are not."""

    def give() -> dict[str, Any]:
        return {
            "free": {"a": 1, "b": unknown()},
            "options": {"a": 1},
            "by_name": {"x": unknown(), "y": 1},
        }

    assert sent(give, preview=True) == {"options": '{"a":1}'}


def test_secrets_are_sealed_whoever_gives_them() -> None:
    """Plain, as an output, and inside JSON; what is no secret stays open."""

    async def secrets(props: Properties) -> set[str]:
        return {
            name
            for name, value in props.items()
            if isinstance(value, pulumi.Output) and await value.is_secret()
        }

    def program() -> dict[str, Any]:
        props = to_inputs(
            Job,
            {
                "token": "plain",
                "key": {"k": out("v")},
                "name": "open",
                "free": {"a": [pulumi.Output.secret("hidden")]},
                "many": [out("open")],
                "either": out(Cron(cron="x")),
                "chain": out({"first": {"cron": pulumi.Output.secret("x")}}),
            },
        )
        return {"sealed": secrets(props), "key": props["key"]}

    outputs = run(program).outputs
    assert outputs["sealed"] == {"token", "key", "free", "chain"}
    assert outputs["key"] == '{"k":"v"}'


def test_an_output_is_given_back_as_plain_data() -> None:
    """Lists, mappings and text, as a program or another stack takes them."""
    id_ = "12345678-1234-5678-1234-567812345678"
    assert from_output(Job, "ids", [id_]) == [id_]
    assert from_output(Job, "tagged", [CRON]) == [
        {"sort": "cron", "cron": "* *", "parameters": {"a": None}}
    ]
    assert from_output(Job, "tags", ["a", "b"]) == ["a", "b"]
    assert from_output(Job, "free", "null") is None
    assert from_output(Job, "free", None) is None
    assert from_output(Job, "count", None) is None
    assert from_output(BookArgs, "chapters", [{"heading": "h"}]) == [
        Chapter(heading="h").model_dump()
    ]
