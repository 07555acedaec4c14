"""Entries of a stack's config: a kind's arguments, except some."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationError

from components.kernel.entries import EntryOf
from tests.unit.kernel.library import BookArgs, Chapter


class Shelf(BaseModel):
    """A piece of config."""

    books: dict[str, Annotated[dict[str, Any], EntryOf(BookArgs, "branch", "title")]]


def shelf(**entry: Any) -> dict[str, Any]:
    """Return what one entry becomes."""
    return Shelf.model_validate({"books": {"emma": entry}}).books["emma"]


def test_an_entry_yields_what_was_given() -> None:
    """Validated, and without defaults: those stay the kind's own affair."""
    assert shelf() == {}
    assert shelf(pages="2", tags=["b", "a"]) == {
        "pages": 2,
        "tags": frozenset({"a", "b"}),
    }
    assert shelf(chapters=[{"heading": "h"}]) == {"chapters": (Chapter(heading="h"),)}
    assert shelf(owner=None) == {"owner": None}


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ({"pages": "many"}, ("books", "emma", "pages")),
        ({"binding": "stone"}, ("books", "emma", "binding")),
        ({"title": "Emma"}, ("books", "emma", "title")),
        ({"nmae": "x"}, ("books", "emma", "nmae")),
        ({"chapters": [{}]}, ("books", "emma", "chapters", 0, "heading")),
    ],
    ids=str,
)
def test_an_entry_is_held_to_the_kinds_model(
    entry: dict[str, Any], path: tuple[Any, ...]
) -> None:
    """What is wrong, unknown or said elsewhere is told on its path."""
    with pytest.raises(ValidationError) as told:
        shelf(**entry)
    assert [error["loc"] for error in told.value.errors()] == [path]


def test_a_required_field_is_required() -> None:
    """Unless the entry's place in the config says it."""

    class Whole(BaseModel):
        book: Annotated[dict[str, Any], EntryOf(BookArgs)]

    with pytest.raises(ValidationError) as told:
        Whole.model_validate({"book": {"pages": 1}})
    [error] = told.value.errors()
    assert (error["type"], error["loc"]) == ("missing", ("book", "title"))
    assert Whole.model_validate({"book": {"title": "Emma"}}).book == {"title": "Emma"}


def test_what_the_reader_fills_in_is_optional() -> None:
    """Even where the kind needs it; given nevertheless, it is held to the model."""

    class Filled(BaseModel):
        book: Annotated[dict[str, Any], EntryOf(BookArgs, "branch", optional=["title"])]

    assert Filled.model_validate({"book": {"pages": 1}}).book == {"pages": 1}
    assert Filled.model_validate({"book": {"title": "E"}}).book == {"title": "E"}
    with pytest.raises(ValidationError):
        Filled.model_validate({"book": {"title": 1}})


def test_a_reference_waits_for_the_kinds_own_check() -> None:
    """What it stands for is not known before the rest of the stack is."""
    entry = {"pages": "${pages.most}", "chapters": ["${chapters.first}"]}
    assert shelf(**entry) == entry
