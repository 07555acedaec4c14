"""Check: what is wrong is told all at once, what is right becomes total."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field

from components.kernel import Args, Json, JsonList, JsonObject, Location, Names, Part
from components.kernel.check import (
    Failure,
    check_properties,
    listed,
    property_path,
)
from tests.unit.kernel.library import BookArgs
from tests.unit.kernel.values import Example, across_the_border, exactly, examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUIRED = "is required; set it"
NO_FIELD = "is not a field of this kind; remove it or correct its name"


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even; add one")
    return value


def _counted(value: list[Any]) -> list[Any]:
    if len(value) > 2:
        raise ValueError("takes two at most")
    return value


class Cron(Part):
    """One branch of a union."""

    sort: Literal["cron"] = "cron"
    cron: str
    day_or: bool = True


class Every(Part):
    """The other branch."""

    sort: Literal["every"] = "every"
    seconds: Annotated[int, Field(gt=0)]


class Job(Args):
    """Something of everything."""

    name: Annotated[str, Field(min_length=2)]
    size: Annotated[int, AfterValidator(_even)] = 2
    ratio: float = 0.5
    labels: dict[str, int] = Field(default_factory=dict)
    only_a: dict[Annotated[str, Field(pattern="^a")], int] = Field(default_factory=dict)
    tags: Names = frozenset()
    either: int | list[int] = 1
    schedule: Cron | Every | None = None
    tagged: Annotated[Cron | Every, Field(discriminator="sort")] | None = None
    schedules: list[Cron] = Field(default_factory=list)
    made: list[int] = Field(default_factory=lambda: [7])
    data: JsonObject | None = None
    free: Annotated[JsonList, AfterValidator(_counted)] = Field(default_factory=list)
    rows: tuple[dict[str, Json], ...] = ()


class Ruled(Args):
    """Fields that hang together."""

    low: int = 0
    high: int = 10
    steps: list[int] = Field(default_factory=list)
    title: str | None = None

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Name it by its bounds."""
        return {"title": f"from {given['low']}"} if "low" in given else {}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Hold low below high."""
        if known.get("low", -99) > known.get("high", 99):
            yield ("low",), f"is above high, {known['high']}; lower it"
        for place, step in enumerate(known.get("steps", ())):
            if step > known.get("high", 99):
                yield ("steps", place), "is too far"


def failing(model: type[Args], props: dict[str, Any], **unknown: Any) -> dict[str, str]:
    """Return what check has to say, by path; no path may come twice."""
    checked, failures = check_properties(model, props, **unknown)
    assert checked == props or not failures
    assert len({f.path for f in failures}) == len(failures)
    return {f.path: f.reason for f in failures}


@given(examples())
def test_check_is_total_and_idempotent(example: Example) -> None:
    """Checking its own answer, back from the engine, changes nothing."""
    model, args = example
    checked, failures = check_properties(model, args.to_properties())
    assert failures == []
    assert exactly(checked) == exactly(args.to_properties())
    again, failures = check_properties(model, across_the_border(checked))
    assert failures == []
    assert exactly(again) == exactly(checked)


@given(examples(), st.data())
def test_what_is_unknown_is_left_out_and_changes_nothing_else(
    example: Example, data: st.DataObject
) -> None:
    """A preview in which some is unknown shows all the rest as the update will."""
    model, args = example
    props = args.to_properties()
    names = sorted(set(model.model_fields) - {"adopt"})
    unknown = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    known = {k: v for k, v in props.items() if k not in unknown}
    checked, failures = check_properties(model, known, unknown)
    assert failures == []
    assert exactly(checked) == exactly(known)


@pytest.mark.parametrize("unknown", [(), ("data",)], ids=["known", "partly unknown"])
def test_every_default_is_filled_in(unknown: tuple[str, ...]) -> None:
    """Inputs are total: what a later version changes as a default shows as a diff."""
    checked, failures = check_properties(Job, {"name": "ab"}, unknown)
    assert failures == []
    assert checked == {
        "name": "ab",
        "size": 2,
        "ratio": 0.5,
        "labels": {},
        "only_a": {},
        "tags": [],
        "either": 1,
        "schedules": [],
        "made": [7],
        "free": "[]",
        "rows": [],
    }


@pytest.mark.parametrize("unknown", [(), ("data",)], ids=["known", "partly unknown"])
def test_numbers_arrive_as_floats(unknown: tuple[str, ...]) -> None:
    """The engine has no integers: 4.0 is 4 again where the model says so."""
    props = {"name": "ab", "size": 4.0, "labels": {"a": 1.0}, "schedules": []}
    checked, failures = check_properties(Job, props, unknown)
    assert failures == []
    assert exactly([checked["size"], checked["labels"]]) == exactly([4, {"a": 1}])


@pytest.mark.parametrize("unknown", [(), ("owner",)], ids=["known", "partly unknown"])
@pytest.mark.parametrize("adopt", [True, False])
def test_adopt_is_kept_only_when_it_is_set(
    unknown: tuple[str, ...], adopt: bool
) -> None:
    """An `adopt` that is off must not show up in the plan of every object."""
    checked, _ = check_properties(BookArgs, {"title": "t", "adopt": adopt}, unknown)
    assert checked.get("adopt", "absent") == (True if adopt else "absent")


@pytest.mark.parametrize("unknown", [(), ("owner",)], ids=["known", "partly unknown"])
def test_json_is_brought_into_its_one_form(unknown: tuple[str, ...]) -> None:
    """Text of another spacing or order is the same value, and so makes no diff."""
    props = {
        "title": "t",
        "notes": '{ "b" : [1.0, 1, true, null, {}, "\\u00fc"], "a" : 1e2 }',
        "chapters": [{"heading": "h", "figures": " [ ] "}],
    }
    checked, failures = check_properties(BookArgs, props, unknown)
    assert failures == []
    assert checked["notes"] == '{"a":100.0,"b":[1.0,1,true,null,{},"ü"]}'
    assert checked["chapters"] == [{"heading": "h", "figures": "[]"}]


BROKEN: dict[str, Any] = {
    "name": "a",
    "size": 3,
    "ratio": "much",
    "labels": {"plain": 1, "x": "y", "a.b": "y", 'say "ü"': "y"},
    "only_a": {"b": 1},
    "tags": ["a", 1],
    "either": {},
    "schedule": {"seconds": 0},
    "tagged": {"sort": "every", "seconds": -1, "minutes": 2},
    "schedules": [{"cron": "x"}, {}, {"cron": "x", "day_or": [], "kron": "x"}],
    "data": "[1]",
    "free": "[1, 2, 3]",
    "rows": [{"a": "null", "b": "{"}],
    "naem": "ab",
    "dotted.name": 1,
}
WRONG = {
    "name": "String should have at least 2 characters",
    "size": "must be even; add one",
    "ratio": "Input should be a valid number, unable to parse string as a number",
    "labels.x": (
        "Input should be a valid integer, unable to parse string as an integer"
    ),
    'labels["a.b"]': (
        "Input should be a valid integer, unable to parse string as an integer"
    ),
    'labels["say \\"ü\\""]': (
        "Input should be a valid integer, unable to parse string as an integer"
    ),
    "only_a.b": "String should match pattern '^a'",
    "tags[1]": "Input should be a valid string",
    "tagged.seconds": "Input should be greater than 0",
    "tagged.minutes": NO_FIELD,
    "schedules[1].cron": REQUIRED,
    "schedules[2].day_or": "Input should be a valid boolean",
    "schedules[2].kron": NO_FIELD,
    "data": "Input should be a valid dictionary",
    "free": "takes two at most",
    "rows[0].b": (
        "is not JSON text: Expecting property name enclosed in double quotes"
    ),
    "naem": NO_FIELD,
    '["dotted.name"]': NO_FIELD,
}


@pytest.mark.parametrize("unknown", [(), ("made",)], ids=["known", "partly unknown"])
def test_every_failure_is_told_at_once_on_its_own_path(
    unknown: tuple[str, ...],
) -> None:
    """One preview says all that is wrong, each where the user wrote it."""
    checked, failures = check_properties(Job, BROKEN, unknown)
    assert checked == BROKEN
    assert checked is not BROKEN
    told = dict(failures)
    branches = {"either", "schedule.cron", "schedule.seconds"}
    assert {k: v for k, v in told.items() if k not in branches} == WRONG
    assert told["schedule.cron"] == REQUIRED
    assert told["schedule.seconds"] in {NO_FIELD, "Input should be greater than 0"}
    assert "either" in told


@pytest.mark.parametrize("unknown", [(), ("made",)], ids=["known", "partly unknown"])
def test_a_branch_of_a_type_is_no_place_in_the_program(
    unknown: tuple[str, ...],
) -> None:
    """A value that fits no branch fails where it stands, not at `either.int`."""
    _, failures = check_properties(Job, {"name": "ab", "either": "x"}, unknown)
    assert {f.path for f in failures} == {"either"}
    assert all("alid" in f.reason for f in failures)


def test_a_branch_that_is_not_there_is_told_with_those_that_are() -> None:
    """By the field that chooses; what is there instead is shortened."""
    for there, shown in (("day", "day"), ("x" * 61, "x" * 60)):
        told = failing(Job, {"name": "ab", "tagged": {"sort": there}})
        assert told == {"tagged": f"has 'sort' '{shown}'; use 'cron', 'every'"}


def test_of_many_failures_fifty_are_listed() -> None:
    """As many as somebody will read, and how many more there are."""
    many = [Failure(f"a[{n}]", "is wrong; correct it") for n in range(52)]
    lines = [f"  within.a[{n}]: is wrong; correct it" for n in range(50)]
    assert list(listed(many[:50], "within.")) == lines
    more = "  … and 2 more; correct these first"
    assert list(listed(many, "within.")) == [*lines, more]
    assert list(listed(many[:1])) == ["  a[0]: is wrong; correct it"]


def test_what_is_no_structure_is_told() -> None:
    """In words of a config's, not of a class's."""
    told = failing(Job, {"name": "ab", "schedules": [1]})
    assert told == {"schedules[0]": "should be a mapping of fields; write it as one"}


@pytest.mark.parametrize("unknown", [(), ("made",)], ids=["known", "partly unknown"])
def test_a_missing_field_is_named(unknown: tuple[str, ...]) -> None:
    """Nothing given, one thing to say; and it hides nothing else."""
    assert failing(Job, {}, unknown=unknown) == {"name": REQUIRED}
    told = failing(Job, {"size": 3}, unknown=unknown)
    assert told == {"name": REQUIRED, "size": "must be even; add one"}


def test_an_unknown_field_is_not_missed_and_not_validated() -> None:
    """What is unknown yet is neither required nor wrong."""
    assert failing(Job, {}, unknown=("name",)) == {}
    assert check_properties(Job, {}, ("name",))[0].get("name") is None


def test_a_misspelt_field_is_told_though_its_value_is_unknown() -> None:
    """The name is known, and it is wrong: why wait for the value."""
    told = failing(Job, {"name": "ab"}, unknown=("naem",))
    assert told == {"naem": NO_FIELD}


def test_a_path_leads_into_json_text() -> None:
    """JSON travels as text, yet a failure inside it has its own place."""

    class Plot(Args):
        points: Annotated[JsonList, Field(max_length=3)] = Field(default_factory=list)
        grid: Annotated[Json, AfterValidator(_grid)] = None

    assert failing(Plot, {"points": "[1,2,3,4]"}).keys() == {"points"}
    assert failing(Plot, {"grid": '{"rows":[["a"]]}'}) == {
        "grid.rows[0][0]": (
            "Input should be a valid integer, unable to parse string as an integer"
        )
    }


def _grid(value: Any) -> Any:
    class Grid(Part):
        rows: list[list[int]]

    Grid.model_validate(value)
    return value


def test_rules_across_fields_are_told_on_their_fields() -> None:
    """A rule that several fields break together names one of them, and a place."""
    props = {"low": 5, "high": 4, "steps": [1, 9]}
    checked, failures = check_properties(Ruled, props)
    assert failures == [
        Failure("low", "is above high, 4; lower it"),
        Failure("steps[1]", "is too far"),
    ]
    assert checked == props


def test_rules_know_the_defaults_and_wait_for_what_is_unknown() -> None:
    """A rule is asked of what is known so far, whether written or filled in."""
    assert failing(Ruled, {"low": 11}).keys() == {"low"}
    assert failing(Ruled, {"low": 11}, unknown=("steps",)).keys() == {"low"}
    assert failing(Ruled, {"low": 11}, unknown=("high",)) == {}
    assert failing(Ruled, {"high": -1}, unknown=("low",)) == {}


def test_rules_are_asked_only_of_fields_that_are_valid() -> None:
    """A rule need not guard against nonsense."""
    assert failing(Ruled, {"low": 11, "high": "x"}).keys() == {"high"}
    told = failing(Ruled, {"low": 11, "high": "x"}, unknown=("steps",))
    assert told.keys() == {"high"}


def test_a_default_may_hang_on_another_field() -> None:
    """It is filled in from what is written, and never over it."""
    assert check_properties(Ruled, {"low": 1})[0]["title"] == "from 1"
    assert check_properties(Ruled, {"low": 1}, ("steps",))[0]["title"] == "from 1"
    assert check_properties(Ruled, {"low": 1, "title": "t"})[0]["title"] == "t"
    assert "title" not in check_properties(Ruled, {"low": 1}, ("title",))[0]
    assert "title" not in check_properties(Ruled, {})[0]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b"), "a.b"),
        (("a", 0, "b"), "a[0].b"),
        (("a", 0, 11), "a[0][11]"),
        (("a", "b.c", "d"), 'a["b.c"].d'),
        (("a", "b[0]"), 'a["b[0]"]'),
        (("a", 'b"c'), 'a["b\\"c"]'),
        (("a", ""), 'a[""]'),
        (("a", "b-c d"), "a.b-c d"),
        (("a", "ü"), "a.ü"),
        (("a", "ü."), 'a["ü."]'),
        (("a", "é\n"), 'a["\\u00e9\\n"]'),
        (("a", " b"), 'a[" b"]'),
        (("a", "b" * 60), f"a.{'b' * 60}"),
        (("a", "b" * 61), f'a["{"b" * 60}…"]'),
        ((0,) * 20, "[0]" * 20),
        ((0,) * 21, "[0]" * 20 + "…"),
    ],
)
def test_a_location_is_written_as_a_property_path(
    location: Location, path: str
) -> None:
    """As Pulumi writes paths, so that the CLI's message points at the property."""
    assert property_path(location) == path
