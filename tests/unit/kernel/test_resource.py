"""What a program writes, as the engine sees it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pulumi
import pytest
from pulumi.runtime.settings import set_root_resource

from components.kernel import ManagedResource, registered
from components.kernel.dynamic import Provider
from tests.unit.kernel.library import BookKind, NumberedBookKind
from tests.unit.kernel.program import Registered, run

TYPE = "pulumi-python:dynamic/unit:Book"


class LibraryResource(ManagedResource):
    """What all resources of the service have in common."""

    settings = ("libraryUrl", "libraryKey", "libraryFax")


class Book(LibraryResource, kind=BookKind):
    """A book, as a program writes it."""

    title: pulumi.Output[str]
    notes: pulumi.Output[Any]
    chapters: pulumi.Output[list[dict[str, Any]]]
    shelf: pulumi.Output[str | None]
    written: pulumi.Output[int]
    lock: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None:
        super().__init__(resource_name, {"title": resource_name, **inputs}, opts)


class NumberedBook(LibraryResource, kind=NumberedBookKind):
    """A book whose barcode the library mints."""

    barcode: pulumi.Output[str]


class Elsewhere(ManagedResource, kind=BookKind):
    """A resource whose service has no settings."""


pytestmark = pytest.mark.usefixtures("registered")


def sent(*, preview: bool = False, **inputs: Any) -> Registered:
    """Return what the engine is told of one book."""

    def program() -> None:
        Book("emma", **inputs)

    return run(program, preview=preview)["emma"]


def test_the_type_is_the_kinds_token() -> None:
    """As it stands in every URN: it may never change."""
    assert sent().type == TYPE
    assert Book.kind is BookKind


def test_only_what_is_given_is_sent() -> None:
    """Outputs are declared, but a property that nobody set is no input."""
    given = sent(pages=2, owner=None, adopt=None).inputs
    assert given.keys() == {"__provider", "title", "pages"}
    assert (given["title"], given["pages"]) == ("emma", 2)
    assert sent(adopt=True).inputs["adopt"] is True


def test_state_holds_a_reference_to_the_kind_and_no_secret() -> None:
    """The pickle is the token's, in plain text: it is the same in every stack."""
    registered = sent()
    pickled = base64.b64decode(registered.inputs["__provider"])
    assert b"components.kernel.registry" in pickled
    assert b"unit:Book" in pickled
    assert "__provider" not in registered.secret


def test_what_no_property_can_hold_is_told_with_its_resource() -> None:
    """A program has many, and a traceback would not name the one."""
    with pytest.raises(
        pulumi.RunError,
        match=r"^book 'emma': notes has no JSON form \(.+\); correct it$",
    ) as told:
        sent(notes=float("nan"))
    assert told.value.__suppress_context__


def test_secrets_leave_the_program_sealed() -> None:
    """Whoever supplied them, as plain text or as an output."""

    def program() -> None:
        Book("emma", lock="1234", owner=pulumi.Output.from_input("me"), pages=2)

    registered = run(program)["emma"]
    assert registered.secret == {"lock", "owner"}
    assert (registered.inputs["lock"], registered.inputs["owner"]) == ("1234", "me")


def test_secret_outputs_are_named_to_the_engine() -> None:
    """Those of the kind, minted ones too, beside those that the program names."""

    def program() -> None:
        Book("emma", pulumi.ResourceOptions(additional_secret_outputs=["notes"]))
        NumberedBook("numbered", {"title": "t"})

    ran = run(program)
    assert ran["emma"].secret_outputs == {"lock", "owner", "notes"}
    assert ran["numbered"].secret_outputs == {"lock", "owner", "barcode"}


def test_json_outputs_are_values_again() -> None:
    """What travels as text is given back as what it stands for."""

    def program() -> dict[str, Any]:
        book = Book(
            "emma",
            notes={"a": None, "big": 2**60},
            chapters=[{"heading": "h", "figures": [1, None]}],
            shelf="[1]",
        )
        return {name: getattr(book, name) for name in ("notes", "chapters", "shelf")}

    assert run(program).outputs == {
        "notes": {"a": None, "big": 2**60},
        "chapters": [{"heading": "h", "figures": [1, None]}],
        "shelf": "[1]",
    }


@pytest.mark.parametrize("preview", [True, False])
def test_outputs_that_are_not_there_are_none(preview: bool) -> None:
    """A field that the program leaves to the service, while nobody knows it."""

    def program() -> dict[str, Any]:
        book = Book("emma")
        assert "adopt" not in book.__dict__
        return {"shelf": book.shelf, "notes": book.notes, "title": book.title}

    outputs = run(program, preview=preview).outputs
    assert outputs["title"] == "emma"
    known = {k: v for k, v in outputs.items() if k != "title"}
    assert known == ({} if preview else {"shelf": None, "notes": None})


def test_what_the_service_adds_is_an_output() -> None:
    """State has more than what was asked for."""
    ran = run(
        lambda: {"written": Book("emma").written, "notes": Book("other").notes},
        respond=lambda _: {"written": 7, "notes": '{"x":[]}'},
    )
    assert ran.outputs == {"written": 7, "notes": {"x": []}}


def test_a_service_has_one_provider_a_program() -> None:
    """Each has its own process, with its own credentials and no other's."""

    def program() -> None:
        for name in ("one", "two", "three"):
            Book(name)

    for _ in range(2):
        ran = run(program, config={"libraryUrl": "http://x", "prefectApiKey": "k"})
        providers = [one for one in ran.registered if "providers" in one.type]
        [provider] = providers
        assert (provider.type, provider.name) == (
            "pulumi:providers:pulumi-python",
            "unit",
        )
        assert provider.inputs == {"flowground:libraryUrl": "http://x"}
        assert provider.secret == {"flowground:libraryUrl"}
        books = [one for one in ran.registered if one.type == TYPE]
        assert len(books) == 3
        [reference] = {one.provider for one in books}
        assert reference.endswith("$pulumi:providers:pulumi-python::unit::unit-id")


def test_without_a_stack_no_provider_is_shared() -> None:
    """There is no program then that two resources could have in common."""

    def program() -> None:
        set_root_resource(None)  # type: ignore[arg-type]  # as outside a program
        for name in ("one", "two"):
            Book(name)

    providers = [one for one in run(program).registered if one.name == "unit"]
    assert len(providers) == 2


def test_a_service_without_settings_gets_none() -> None:
    """Whatever the stack's config holds."""

    def program() -> None:
        Elsewhere("emma", {"title": "Emma"})

    assert run(program, config={"libraryUrl": "x"})["unit"].inputs == {}


def test_a_program_may_bring_its_own_provider() -> None:
    """Two accounts in one stack, say."""

    def program() -> None:
        mine = pulumi.ProviderResource("pulumi-python", "mine", {})
        Book("emma", pulumi.ResourceOptions(provider=mine))

    ran = run(program)
    assert [one.name for one in ran.registered] == ["mine", "emma"]
    assert ran["emma"].provider.endswith("::mine::mine-id")


def test_options_stay_the_programs() -> None:
    """A parent, for one, shows in the URN of the child and stays the caller's."""
    opts = pulumi.ResourceOptions(protect=True)
    sent(opts=opts)
    assert (opts.provider, opts.additional_secret_outputs) == (None, None)


def test_get_reads_by_key_and_manages_nothing() -> None:
    """The engine is asked to read, with the key as id and the mark of a lookup."""

    def program() -> dict[str, Any]:
        found = Book.get("found", title="Emma", branch="east")
        return {"id": found.id, "notes": found.notes, "title": found.title}

    ran = run(program, respond=lambda _: {"notes": "[1]", "__id": "b-1"})
    found = ran["found"]
    assert found.id == "Emma"
    assert ran.outputs["id"] == "b-1"
    assert found.type == TYPE
    given = {k: v for k, v in found.inputs.items() if k != "__provider"}
    assert given == {"title": "Emma", "branch": "east", "__lookup": True, "__id": ""}
    assert found.secret_outputs == {"lock", "owner"}
    assert ran.outputs["notes"] == [1]
    assert ran.outputs["title"] == "Emma"


def test_get_takes_the_key_from_another_resource() -> None:
    """An output is waited for, not turned into text."""

    def program() -> None:
        first = Book("first")
        Book.get("found", title=first.title)

    found = run(program)["found"]
    assert (found.id, found.inputs["title"]) == ("first", "first")


def test_get_keeps_the_options_it_is_given() -> None:
    """All but the id, which is its own."""

    def program() -> None:
        mine = pulumi.ProviderResource("pulumi-python", "mine", {})
        Book.get("found", title="Emma", opts=pulumi.ResourceOptions(provider=mine))

    found = run(program)["found"]
    assert found.id == "Emma"
    assert found.provider.endswith("::mine::mine-id")


def test_a_wide_key_is_joined() -> None:
    """Every field of the key tells."""

    class Wide(BookKind):
        key = ("branch", "title")

    class WideBook(ManagedResource, kind=Wide):
        pass

    def program() -> None:
        WideBook.get("found", title="Emma", branch="east")

    assert run(program)["found"].id == "east/Emma"


def test_each_resource_has_a_provider_of_its_kind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is pickled is the kind's provider, made afresh."""
    made: list[str] = []
    reduce = Provider.__reduce__

    def noting(provider: Provider) -> Any:
        made.append(provider.lifecycle.kind.token)
        return reduce(provider)

    monkeypatch.setattr(Provider, "__reduce__", noting)
    sent()
    assert made == ["unit:Book"]


def test_the_wait_at_the_end_is_for_every_resource() -> None:
    """After it, the engine has answered for all that the program declared."""
    made: list[str] = []

    def respond(name: str) -> dict[str, Any]:
        made.append(name)
        return {}

    async def told() -> list[str]:
        await registered()
        return sorted(made)

    def program() -> dict[str, Any]:
        for title in ("emma", "persuasion"):
            Book(title)
        return {"made": pulumi.Output.from_input(told())}

    outputs = run(program, respond=respond).outputs
    assert {"emma", "persuasion"} <= set(outputs["made"])


def test_a_failure_ends_the_wait_and_is_told_by_the_engine() -> None:
    """What the engine refuses does not hang the program, nor is it kept from sight."""

    def respond(name: str) -> dict[str, Any]:
        if name == "emma":
            raise RuntimeError("no room on the shelf")
        return {}

    waited: list[bool] = []

    async def told() -> None:
        await registered()
        waited.append(True)

    def program() -> dict[str, Any]:
        Book("emma")
        return {"waited": pulumi.Output.from_input(told())}

    with pytest.raises(RuntimeError, match="no room on the shelf"):
        run(program, respond=respond)
    assert waited == [True]


def test_a_program_without_resources_waits_for_none() -> None:
    """Nor does one that has not begun, and so has no stack yet."""

    async def told() -> bool:
        await registered()
        return True

    def program() -> dict[str, Any]:
        return {"waited": pulumi.Output.from_input(told())}

    assert run(program).outputs == {"waited": True}
    set_root_resource(None)  # type: ignore[arg-type]  # as before a program
    assert asyncio.run(told())
