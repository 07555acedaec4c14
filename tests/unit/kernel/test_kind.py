"""What a kind is by itself: its models, its names, and how objects are compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from components.kernel import Args, Kind, Part, changed, differing, kind, registry
from components.kernel.kind import A, Api, S
from components.kernel.registry import kind_of, kinds, load, register
from tests.unit.kernel.library import (
    TOKEN,
    BookArgs,
    BookKind,
    BookState,
    Branch,
    Chapter,
    Library,
)
from tests.unit.kernel.values import JSON_OBJECTS, exactly


class Shell(Kind[Api, BookArgs, BookState]):
    """A kind that does nothing; only its class is looked at."""

    connect = list = parse = create = update = delete = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_kinds", {})


def test_the_decorator_tells_a_kind_all_about_itself() -> None:
    """Token and key as given, models as the type parameters say."""
    made = kind("unit:Shelf", key=("branch", "title"))(Shell)
    assert (made.token, made.key) == ("unit:Shelf", ("branch", "title"))
    assert (made.args, made.state) == (BookArgs, BookState)
    assert [type(known) for known in kinds()] == [Shell]


def test_a_service_may_have_a_base_class_of_its_own() -> None:
    """The models are the last two parameters, however many a base has."""

    class ServiceKind(Kind[Branch, A, S]):
        pass

    class PlainKind(ServiceKind[BookArgs, BookState]):
        pass

    made = kind("unit:Plain", key=("title",))(PlainKind)
    assert (made.args, made.state) == (BookArgs, BookState)


def test_a_kind_without_models_is_refused() -> None:
    """Forgetting them is told where the kind is written."""

    class Bare:
        __orig_bases__ = (dict[str, int],)

    with pytest.raises(TypeError, match=r"Bare must name its models: Kind\[Api"):
        kind("unit:Bare", key=("name",))(Bare)  # type: ignore[type-var]


def test_a_token_belongs_to_one_class() -> None:
    """Registering again is harmless for the same class, and refused for another."""
    register(BookKind)
    register(BookKind)

    class Imposter(BookKind):
        pass

    with pytest.raises(ValueError, match="unit:Book is already registered, by BookK"):
        register(Imposter)
    assert isinstance(kind_of(TOKEN), BookKind)


def test_kinds_are_listed_by_token() -> None:
    """The order does not hang on which module was imported first."""
    for token in ("unit:C", "unit:A", "unit:B"):
        register(type("K", (BookKind,), {"token": token}))
    assert [known.token for known in kinds()] == ["unit:A", "unit:B", "unit:C"]


@pytest.mark.parametrize("token", ["prefect:NoSuchKind", "nosuch:Kind", "nonsense", ""])
def test_an_unknown_token_is_one_sentence(token: str) -> None:
    """State of another version says what to do, whatever it is that is missing."""
    with pytest.raises(LookupError) as told:
        kind_of(token)
    assert str(told.value) == (
        f"this version of flowground has no kind '{token}': run the version "
        "that made the stack, or delete the resource from its state"
    )


def test_a_service_that_cannot_be_imported_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A missing dependency is not taken for a missing kind."""

    def broken(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'boto3', for {name}", name="boto3")

    monkeypatch.setattr("importlib.import_module", broken)
    with pytest.raises(ModuleNotFoundError, match=r"boto3.*components\.s3"):
        kind_of("s3:Bucket")


def test_a_token_brings_its_service_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider process imports no service but that of the token it is given."""
    asked: list[str] = []

    def importing(name: str) -> None:
        asked.append(name)
        register(BookKind)

    monkeypatch.setattr("importlib.import_module", importing)
    assert isinstance(load(TOKEN).lifecycle.kind, BookKind)
    assert asked == ["components.unit"]


@pytest.mark.parametrize(
    ("token", "title"),
    [
        ("prefect:WorkPool", "work pool"),
        ("prefect:Variable", "variable"),
        ("s3:S3Bucket", "s3 bucket"),
        ("prefect:GlobalConcurrencyLimit", "global concurrency limit"),
    ],
)
def test_a_title_reads_as_words(token: str, title: str) -> None:
    """As a sentence would name it."""
    named: type[BookKind] = type("K", (BookKind,), {"token": token})
    assert named.title() == title


def test_an_object_is_named_by_its_whole_key() -> None:
    """Title and natural key, joined as paths are."""
    assert BookKind().describe(BookArgs(title="Emma")) == "book 'Emma'"
    wide = type("K", (BookKind,), {"key": ("branch", "title", "pages")})
    assert wide().describe(BookArgs(title="Emma", pages=3)) == "book 'main/Emma/3'"
    assert wide().describe(BookArgs.partial({})) == "book 'main/?/1'"


def test_differences_are_named_as_json_sees_them() -> None:
    """1, 1.0 and true are three values, though Python calls them equal."""
    one = BookArgs(title="t", notes=1, chapters=(Chapter(heading="h", figures=1),))
    for other in (1.0, True):
        assert differing(
            one, BookArgs(title="t", notes=other, chapters=one.chapters)
        ) == ["notes"]
        chapters = (Chapter(heading="h", figures=other),)
        assert differing(one, BookArgs(title="t", notes=1, chapters=chapters)) == [
            "chapters"
        ]
    assert differing(one, one.model_copy()) == []


def test_differences_are_those_of_the_arguments() -> None:
    """What only state has, and `adopt`, is no difference."""
    state = BookState(title="t", id="1", written=5, pages=2, tags=frozenset("ab"))
    assert differing(state, BookArgs(title="t", pages=2, tags=frozenset("ba"))) == []
    wanted = BookArgs(title="u", pages=3, adopt=True, shelf="x")
    assert differing(state, wanted) == ["title", "pages", "tags", "shelf"]


def test_what_a_service_does_not_tell_counts_as_the_same() -> None:
    """Write-only and local fields cannot be compared with what was found."""
    found = BookState(title="t", id="1")
    wanted = BookArgs(title="t", lock="1234", keep=True, owner="me", pages=9)
    branch = Branch(Library(), "main")
    assert BookKind().same(branch, found, wanted) == ["pages", "owner"]


def test_a_kind_keeps_what_it_read_and_found_unless_it_knows_better() -> None:
    """The holes that a kind need not fill change nothing."""
    branch, state = Branch(Library(), "main"), BookState(title="t", id="1")
    assert BookKind().find(branch, BookArgs(title="t"), state) is state
    assert BookKind().find(branch, BookArgs(title="t"), None) is None
    assert BookKind().recall(state, state) is state


@given(JSON_OBJECTS, JSON_OBJECTS)
def test_a_patch_holds_just_what_differs(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Applied to the old, it gives the new; and none of it was there before."""
    patch = changed(old, new)
    assert exactly({**old, **patch}) == exactly({**old, **new})
    assert all(k not in old or exactly(old[k]) != exactly(v) for k, v in patch.items())


def test_a_patch_of_nothing_is_nothing() -> None:
    """Equal objects need no call; a null is a value like others."""
    assert changed({"a": None, "b": [1]}, {"b": [1], "a": None}) == {}
    assert changed({}, {"a": None}) == {"a": None}
    assert changed({"a": 1}, {}) == {}


def test_parts_and_arguments_are_told_apart() -> None:
    """Only arguments can be adopted."""
    assert "adopt" not in Part.model_fields
    assert "adopt" in Args.model_fields


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (1, 1.0), (0, False), ([1], [True])]
)
def test_a_patch_tells_values_apart_as_json_does(old: Any, new: Any) -> None:
    """Python takes 1, 1.0 and true for equal; what is sent must not."""
    assert changed({"value": old, "kept": 1}, {"value": new, "kept": 1}) == {
        "value": new
    }
