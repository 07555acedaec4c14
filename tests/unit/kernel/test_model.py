"""Models as Pulumi properties, and back."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from pydantic import Field, ValidationError

from components.kernel import (
    Args,
    Immutable,
    Json,
    JsonList,
    JsonObject,
    Local,
    Names,
    Part,
    Secret,
    Stamp,
    UnmanagedIfUnset,
    WriteOnly,
)
from components.kernel.model import (
    annotation_of,
    field_adapters,
    holds_json,
    json_fields,
    present,
)
from tests.unit.kernel.library import BookArgs, Chapter
from tests.unit.kernel.values import Example, across_the_border, exactly, examples


class Marked(Args):
    """Each way to mark a field."""

    plain: str = ""
    fixed: Annotated[str, Immutable] = ""
    both: Annotated[str, Immutable, Secret] = ""
    outside: Annotated[str | None, Secret] = None
    inside: Annotated[str, Secret] | None = None
    deep: Annotated[Annotated[str, Field(max_length=3)] | int, WriteOnly] | None = None


class Deep(Part):
    """A part whose own part holds JSON."""

    chapter: Chapter


class Shaped(Args):
    """Each way to hold, and not to hold, a JSON value."""

    text: str = ""
    names: Names = frozenset()
    numbers: dict[str, int] = Field(default_factory=dict)
    itself: Json = None
    mapping: JsonObject | None = None
    sequence: Annotated[JsonList, Field(max_length=2)] = Field(default_factory=list)
    listed: list[Json] = Field(default_factory=list)
    part: Chapter | None = None
    parts: tuple[Deep, ...] = ()


@given(examples())
def test_properties_and_model_are_inverses(example: Example) -> None:
    """What is written to the engine and read back is the same object, exactly."""
    model, args = example
    props = args.to_properties()
    back = model.from_properties(across_the_border(props))
    assert exactly(back.model_dump()) == exactly(args.model_dump())
    assert exactly(back.to_properties()) == exactly(props)


@given(examples())
def test_properties_hold_only_what_the_engine_keeps(example: Example) -> None:
    """No None, set, tuple or model is left for the engine to lose or to refuse."""

    def look(value: Any) -> None:
        assert isinstance(value, (bool, int, float, str, list, dict))
        for item in value.values() if isinstance(value, dict) else ():
            look(item)
        for item in value if isinstance(value, list) else ():
            look(item)

    look(example.args.to_properties())


def test_json_travels_as_text() -> None:
    """A JSON value is one text at the border, inside parts too."""
    props = BookArgs(
        title="t", notes={"a": None}, chapters=(Chapter(heading="h", figures=[2**60]),)
    ).to_properties()
    assert props["notes"] == '{"a":null}'
    assert props["chapters"] == [{"heading": "h", "figures": "[1152921504606846976]"}]


def test_adopt_is_written_only_when_it_is_set() -> None:
    """Nearly every object has it off, and a plan must not be full of it."""
    assert "adopt" not in BookArgs(title="t").to_properties()
    assert BookArgs(title="t", adopt=True).to_properties()["adopt"] is True


def test_json_is_text_only_at_the_border() -> None:
    """In a program or a service's answer a string is itself, not JSON text."""
    assert BookArgs(title="t", notes="[1]").notes == "[1]"
    assert BookArgs.from_properties({"title": "t", "notes": "[1]"}).notes == [1]
    assert BookArgs(title="t", notes=[1]).model_dump()["notes"] == [1]


def test_json_that_was_never_text_is_taken_as_it_is() -> None:
    """A value that crossed the border unwritten is still that value."""
    assert BookArgs.from_properties({"title": "t", "notes": {"a": 1}}).notes == {"a": 1}


def test_text_that_is_no_json_is_refused() -> None:
    """A broken text is told apart from a value."""
    with pytest.raises(ValidationError, match="is not JSON text: Expecting value"):
        BookArgs.from_properties({"title": "t", "notes": "nope"})


@pytest.mark.parametrize("odd", [float("nan"), {"a": "\ud800"}])
@pytest.mark.parametrize("annotation", [Json, JsonObject | None, JsonList | Json])
def test_a_json_field_takes_only_json(odd: Any, annotation: Any) -> None:
    """What no JSON text stands for is refused where it is given."""

    class Holder(Args):
        value: annotation

    with pytest.raises(ValidationError):
        Holder(value=odd)


def test_names_are_sorted_and_unique() -> None:
    """Order and repetition of names make no diff."""
    props = BookArgs.from_properties({"title": "t", "tags": ["b", "a", "b"]})
    assert props.to_properties()["tags"] == ["a", "b"]


def test_what_is_not_the_models_own_is_ignored_when_reading() -> None:
    """State holds more than the model: the engine's own keys, and outputs."""
    back = BookArgs.from_properties({"title": "t", "id": "1", "__provider": "x"})
    assert back == BookArgs(title="t")


def test_a_part_refuses_what_it_does_not_know() -> None:
    """A misspelt field is an error and never silently dropped."""
    with pytest.raises(ValidationError, match="headign"):
        Chapter.model_validate({"heading": "h", "headign": "h"})


@pytest.mark.parametrize("made", [Chapter(heading="h"), BookArgs(title="t")])
def test_models_are_frozen(made: Part) -> None:
    """Nobody changes what another thread reads."""
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, next(iter(type(made).model_fields)), "x")


def test_part_of_a_model_says_where_an_object_lives() -> None:
    """State that lacks a field can still be read as far as it goes."""
    known = BookArgs.partial({"branch": "east", "notes": "[1]", "__claim": "x"})
    assert (known.branch, known.notes) == ("east", [1])
    assert known.pages == 1
    assert not hasattr(known, "title")


def test_part_of_a_model_is_validated() -> None:
    """What is there must be the model's."""
    with pytest.raises(ValidationError, match="valid integer"):
        BookArgs.partial({"pages": "many"})


def test_present_drops_none_from_mappings_at_any_depth() -> None:
    """As the engine does; in a list None keeps its place."""
    assert present({"a": None, "b": [{"c": None, "d": 0}, None], "e": {}}) == {
        "b": [{"d": 0}, None],
        "e": {},
    }


def test_markers_are_found_wherever_they_are_written() -> None:
    """A marker inside an optional type counts: forgetting it would leak a secret."""
    assert Marked.marked(Immutable) == {"fixed", "both"}
    assert Marked.marked(Secret) == {"both", "outside", "inside"}
    assert Marked.marked(WriteOnly) == {"deep"}


def test_a_marker_says_its_name() -> None:
    """Debugging output names the marker."""
    markers = [Immutable, Local, Secret, Stamp, UnmanagedIfUnset, WriteOnly]
    assert repr(markers) == (
        "[Immutable, Local, Secret, Stamp, UnmanagedIfUnset, WriteOnly]"
    )


def test_fields_that_hold_json_are_found_at_any_depth() -> None:
    """In containers, optional types and parts of parts."""
    expected = {"itself", "mapping", "sequence", "listed", "part", "parts"}
    assert json_fields(Shaped) == expected
    assert not holds_json(dict[str, list[int]])


def test_a_fields_type_keeps_its_constraints_and_markers() -> None:
    """Each field can be checked alone, as strictly as within the model."""
    annotation = annotation_of(Marked.model_fields["both"])
    assert {Immutable, Secret} <= set(annotation.__metadata__)
    with pytest.raises(ValidationError, match="at most 2 items"):
        field_adapters(Shaped)["sequence"].validate_python([1, 2, 3])


def test_the_adapters_are_made_once() -> None:
    """They are dear, and every check of every resource needs them."""
    assert field_adapters(Shaped) is field_adapters(Shaped)
