"""No secret in what is told, whatever the service echoes."""

from __future__ import annotations

import base64
import json
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import (
    FlowgroundError,
    Json,
    RefusedError,
    ServiceError,
    kind,
    registry,
)
from components.kernel.lifecycle import LOOKUP
from tests.unit.kernel.library import (
    BookArgs,
    BookState,
    Lending,
    NumberedBookKind,
    lifecycle,
)
from tests.unit.kernel.test_creating import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.kernel.lifecycle import Lifecycle
    from components.kernel.model import Properties
    from tests.unit.kernel.library import Library

CANARY = 'canary "1/é"'

PLACES: dict[str, dict[str, Any]] = {
    "a secret": {"owner": CANARY},
    "a write-only value": {"lock": CANARY},
    "a JSON value": {"notes": json.dumps(CANARY)},
    "deep inside JSON": {"notes": json.dumps({"a": [1, {"b": CANARY}]})},
    "JSON inside a part": {
        "chapters": [{"heading": "h", "figures": json.dumps({"token": [CANARY]})}]
    },
}
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": json.dumps,
    "URL": urllib.parse.quote_plus,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
}


def _echo(encode: Callable[[str], str]) -> ServiceError:
    return ServiceError(f"422: invalid <{encode(CANARY)}>", status=422)


def _told(error: FlowgroundError, encode: Callable[[str], str]) -> str:
    text = str(error)
    for form in (CANARY, encode(CANARY), "canary", "Y2FuYXJ5"):
        assert form not in text
    assert text.startswith("cannot ")
    assert "422: invalid <" in text
    return text


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize("fields", PLACES.values(), ids=PLACES.keys())
@pytest.mark.parametrize("verb", ["create", "update", "delete", "read"])
def test_a_secret_is_not_told(
    library: Library,
    books: Lifecycle,
    verb: str,
    fields: dict[str, Any],
    encode: Callable[[str], str],
) -> None:
    """Wherever a program put it, and however the service spells it."""
    wanted = inputs(books, **fields)
    id_, outputs = books.create(inputs(books, **fields, title="other"))
    calls: dict[str, Callable[[], object]] = {
        "create": lambda: books.create(wanted),
        "update": lambda: books.update(id_, outputs, {**wanted, "pages": 9}),
        "delete": lambda: books.delete(id_, outputs),
        "read": lambda: books.read(id_, outputs),
    }
    library.raises["list" if verb == "read" else verb] = _echo(encode)
    with pytest.raises(ServiceError) as error:
        calls[verb]()
    assert error.value.status == 422
    assert "[secret]" in _told(error.value, encode)


def test_a_minted_secret_is_not_told(library: Library) -> None:
    """What the service made is nobody's to read either."""
    numbered = lifecycle(library, NumberedBookKind)
    id_, outputs = numbered.create(inputs(numbered))
    library.raises["delete"] = ServiceError(f"cannot sell {outputs['barcode']} today")
    with pytest.raises(ServiceError) as error:
        numbered.delete(id_, outputs)
    assert str(error.value) == (
        "cannot delete numbered book 'Emma': cannot sell [secret] today"
    )


def test_what_is_not_known_yet_holds_no_secret(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup that fails is told, though all it has of the object is its name."""
    monkeypatch.setattr(registry, "_kinds", {})

    class EssayArgs(BookArgs):
        text: Json

    class EssayState(BookState, EssayArgs):
        pass

    @kind("unit:Essay", key=("title",))
    class EssayKind(Lending[EssayArgs, EssayState]):
        pass

    library.raises["list"] = ServiceError("the library is closed")
    with pytest.raises(ServiceError) as error:
        lifecycle(library, EssayKind).read("Emma", {"title": "Emma", LOOKUP: True})
    assert str(error.value) == "cannot read essay 'Emma': the library is closed"


def test_what_is_no_secret_is_told(library: Library, books: Lifecycle) -> None:
    """The service's words help only if they are left alone."""
    wanted = inputs(
        books,
        shelf="top shelf",
        tags=["adventure"],
        chapters=[{"heading": "the beginning", "figures": '"hidden"'}],
        notes="[12345, true, null]",
    )
    library.raises["create"] = ServiceError(
        "no top shelf for adventure: 'the beginning', 12345, hidden"
    )
    with pytest.raises(ServiceError) as error:
        books.create(wanted)
    assert str(error.value) == (
        "cannot create book 'Emma': "
        "no top shelf for adventure: 'the beginning', 12345, [secret]"
    )


def test_our_own_words_may_name_what_json_holds(
    books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a service echoes; what a kind says of a JSON value is meant to be read."""

    def refuse(*_: object) -> None:
        raise RefusedError("notes has no 'colour', owner hidden-owner")

    monkeypatch.setattr(books.kind, "create", refuse)
    with pytest.raises(RefusedError) as error:
        books.create(inputs(books, notes='{"x":"colour"}', owner="hidden-owner"))
    assert str(error.value) == (
        "cannot create book 'Emma': notes has no 'colour', owner [secret]"
    )


def test_a_failure_to_connect_is_told_too(
    books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that is missing is told of the object that needed it."""

    def connect(*_: object) -> None:
        raise FlowgroundError("no library is configured; set LIBRARY_URL")

    monkeypatch.setattr(books.kind, "connect", connect)
    calls: list[Callable[[], object]] = [
        lambda: books.create(inputs(books)),
        lambda: books.read("book-1", _state()),
        lambda: books.update("book-1", _state(), inputs(books, pages=2)),
        lambda: books.delete("book-1", _state()),
    ]
    for call, verb in zip(calls, ("create", "read", "update", "delete"), strict=True):
        with pytest.raises(FlowgroundError) as error:
            call()
        assert str(error.value) == (
            f"cannot {verb} book 'Emma': no library is configured; set LIBRARY_URL"
        )


def _state() -> Properties:
    return {"title": "Emma", "written": 1.0}
