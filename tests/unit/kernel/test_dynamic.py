"""The adapter: the kernel behind Pulumi's dynamic providers."""

from __future__ import annotations

import base64
import pickle
import pickletools
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown
from pulumi.runtime import rpc

from components.kernel import FlowgroundError, ServiceError
from components.kernel.dynamic import Provider, ProviderError
from components.kernel.lifecycle import CLAIM, LOOKUP
from tests.unit.kernel.library import TOKEN, BookKind, Library, NumberedBookKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.kernel.model import Properties

CANARY = "canary-7f3a"
INPUTS: dict[str, Any] = {"title": "Emma", "lock": CANARY, "owner": "me-myself"}


@pytest.fixture
def provider(library: Library) -> Provider:
    """Return the provider of books, configured as the servicer does."""
    return configured(BookKind, library)


def configured(kind: type[Any], library: Library) -> Provider:
    """Return the provider of a kind of the library."""
    made = Provider(kind())
    made.configure(ConfigureRequest({"library": library}))  # type: ignore[arg-type]
    return made


def checked(provider: Provider, **inputs: Any) -> Properties:
    """Return checked inputs."""
    answer = provider.check({}, {**INPUTS, **inputs})
    assert answer.failures == []
    return answer.inputs


def sealed(props: Properties) -> set[str]:
    """Name the properties that are sealed."""
    return {k for k, v in props.items() if rpc.is_rpc_secret(v)}


def opened(props: Properties) -> Properties:
    """Return the properties as the engine hands them back: in plaintext."""
    return {k: rpc.unwrap_rpc_secret(v) for k, v in props.items()}


def unknown() -> Any:
    """Return what the servicer hands over for a value that is not known yet."""
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK's


# The bytes in every stack's state: they may never change, whatever moves in the code.
PICKLED = (
    "gASVNwAAAAAAAACMGmNvbXBvbmVudHMua2VybmVsLnJlZ2lzdHJ5lIwEbG9hZJSTlIwJdW5pdDpCb29r"
    "lIWUUpQu"
)


@pytest.mark.usefixtures("registered")
def test_state_holds_only_a_reference_to_the_kind(provider: Provider) -> None:
    """A pickle of one import and one token, pinned to the byte."""
    assert serialize_provider(provider) == PICKLED
    names = {
        argument
        for _, argument, _ in pickletools.genops(base64.b64decode(PICKLED))
        if isinstance(argument, str)
    }
    assert names == {"components.kernel.registry", "load", TOKEN}


@pytest.mark.usefixtures("registered")
def test_old_state_still_loads() -> None:
    """Those bytes are a provider of the kind, in whatever file it lives by now."""
    loaded = pickle.loads(base64.b64decode(PICKLED))  # noqa: S301  # our own bytes
    assert isinstance(loaded, Provider)
    assert isinstance(loaded.lifecycle.kind, BookKind)


def test_the_pickle_is_no_secret() -> None:
    """It holds nothing of a stack, and as a secret it would hide in every diff."""
    assert Provider.serialize_as_secret_always is False


def test_check_answers_inputs_and_failures(provider: Provider) -> None:
    """All at once, each on its path; the engine's own keys are none of ours."""
    answer = provider.check({}, {"__provider": "x", "pages": "many", "nmae": 1})
    told = {f.property: f.reason for f in answer.failures}
    assert told.keys() == {"title", "pages", "nmae"}
    assert told["title"] == "is required; set it"
    assert answer.inputs == {"pages": "many", "nmae": 1}
    fine = provider.check({}, {"__provider": "x", "title": "Emma"})
    assert fine.failures == []
    assert fine.inputs["pages"] == 1
    assert "__provider" not in fine.inputs


def test_unknown_values_pass_through_check(provider: Provider) -> None:
    """The very objects, at any depth, with everything else checked around them."""
    nested = [{"heading": "h", "figures": unknown()}]
    unknowns = {"owner": unknown(), "chapters": nested}
    answer = provider.check({}, {"title": "Emma", "pages": 2.0, **unknowns})
    assert answer.failures == []
    assert answer.inputs["owner"] is unknowns["owner"]
    assert answer.inputs["chapters"] is nested
    assert answer.inputs["pages"] == 2
    assert answer.inputs["tags"] == []


def test_failures_are_told_beside_unknown_values(provider: Provider) -> None:
    """What is wrong already need not wait."""
    answer = provider.check({}, {"title": unknown(), "pages": "many"})
    assert [f.property for f in answer.failures] == ["pages"]


def test_check_knows_the_old_inputs(provider: Provider) -> None:
    """`adopt` stays as it was; the engine's own keys do not count as old inputs."""
    old: Properties = {"__provider": "x", "title": "Emma"}
    assert "adopt" not in provider.check(old, {"title": "Emma", "adopt": True}).inputs
    old = {**old, "adopt": True}
    assert provider.check(old, {"title": "Emma"}).inputs["adopt"] is True
    fresh = provider.check({"__provider": "x"}, {"title": "Emma", "adopt": True})
    assert fresh.inputs["adopt"] is True


def test_diff_leaves_the_comparison_to_the_engine(provider: Provider) -> None:
    """Neither yes nor no: then it compares inputs, property by property."""
    inputs = checked(provider)
    made = provider.create(inputs)
    outs = opened(made.outs or {})
    same = provider.diff(made.id, outs, inputs)
    assert (same.changes, same.replaces) == (None, [])
    assert same.delete_before_replace is True
    moved = provider.diff(made.id, outs, {**inputs, "binding": "cloth", "pages": 2})
    assert (moved.changes, moved.replaces) == (None, ["binding"])
    moving = provider.diff(made.id, outs, {**inputs, "branch": unknown()})
    assert moving.replaces == ["branch"]
    kept = provider.diff(made.id, outs, {**inputs, "pages": unknown()})
    assert kept.replaces == []


def test_a_diff_keeps_the_object_for_its_resource(provider: Provider) -> None:
    """A new resource of the same `up` cannot take what another one still has."""
    inputs = checked(provider)
    made = provider.create(inputs)
    outs = opened(made.outs or {})
    next_up = configured(BookKind, provider.lifecycle.config.get("library"))
    assert next_up.diff(made.id, outs, inputs).replaces == []
    with pytest.raises(ProviderError, match="another resource of this stack already"):
        next_up.create(inputs)


def test_a_life_through_the_adapter(library: Library, provider: Provider) -> None:
    """Each method does what its namesake in the life cycle does."""
    inputs = checked(provider)
    made = provider.create(inputs)
    outs = opened(made.outs or {})
    assert outs[CLAIM]
    read = provider.read(made.id, outs)
    assert read.id == made.id
    assert opened(read.outs or {}) == outs
    assert opened(read.inputs or {}) == inputs
    changed = provider.update(made.id, outs, {**inputs, "pages": 5})
    assert opened(changed.outs or {})["pages"] == 5
    assert library.books["main"][made.id]["pages"] == 5
    provider.delete(made.id, outs)
    assert library.books["main"] == {}
    gone = provider.read(made.id, outs)
    assert (gone.id, gone.outs, gone.inputs) == (None, {}, None)


def test_secrets_are_sealed_in_every_answer(provider: Provider) -> None:
    """They arrive in plaintext, and the engine re-marks outputs by name only."""
    inputs = checked(provider)
    made = provider.create(inputs)
    outs = opened(made.outs or {})
    assert sealed(made.outs or {}) == {"lock", "owner"}
    read = provider.read(made.id, outs)
    assert sealed(read.outs or {}) == {"lock", "owner"}
    assert sealed(read.inputs or {}) == {"lock", "owner"}
    changed = provider.update(made.id, outs, {**inputs, "pages": 5})
    assert sealed(changed.outs or {}) == {"lock", "owner"}


def test_minted_secrets_are_sealed(library: Library) -> None:
    """What only state has, too."""
    numbered = configured(NumberedBookKind, library)
    made = numbered.create(checked(numbered))
    assert sealed(made.outs or {}) == {"barcode", "lock", "owner"}


def test_a_lookups_secrets_are_sealed(library: Library, provider: Provider) -> None:
    """Somebody else's secrets are secrets."""
    library.add(title="Emma", owner=CANARY)
    found = provider.read("Emma", {"title": "Emma", LOOKUP: True})
    assert sealed(found.outs or {}) == sealed(found.inputs or {}) == {"owner"}


CALLS: dict[str, Callable[[Provider], object]] = {
    "check": lambda provider: provider.check({}, INPUTS),
    "diff": lambda provider: provider.diff("book-1", {}, INPUTS),
    "create": lambda provider: provider.create(INPUTS),
    "read": lambda provider: provider.read("book-1", INPUTS),
    "update": lambda provider: provider.update(
        "book-1", {**INPUTS, "written": 1}, {**INPUTS, "pages": 2}
    ),
    "delete": lambda provider: provider.delete("book-1", INPUTS),
}
UNDER = {"diff": "replaces"}
by_method = pytest.mark.parametrize("method", CALLS)


@by_method
@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        SystemExit(CANARY),
        KeyboardInterrupt(CANARY),
        GeneratorExit(CANARY),
        StopIteration(CANARY),
        BaseException(CANARY),
        RecursionError(CANARY),
        UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
        ExceptionGroup(CANARY, [ValueError(CANARY)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_happens_is_answered_in_one_sentence(
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    error: BaseException,
) -> None:
    """An escaped SystemExit would hang the engine; a message may hold a secret."""

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(provider.lifecycle, UNDER.get(method, method), broken)
    with pytest.raises(ProviderError) as told:
        CALLS[method](provider)
    line = broken.__code__.co_firstlineno + 1
    assert str(told.value) == (
        f"this is a bug in flowground ({type(error).__name__} at "
        f"test_dynamic.py:{line}); please report it"
    )
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@by_method
def test_what_was_expected_is_told_as_it_is(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """The life cycle's sentence reaches the user whole, and nothing besides."""

    def refused(*_: object, **__: object) -> None:
        raise FlowgroundError("cannot do it; do something else")

    monkeypatch.setattr(provider.lifecycle, UNDER.get(method, method), refused)
    with pytest.raises(ProviderError) as told:
        CALLS[method](provider)
    assert str(told.value) == "cannot do it; do something else"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.parametrize("method", ["create", "update", "delete", "read"])
def test_no_error_tells_a_secret(
    library: Library, provider: Provider, method: str
) -> None:
    """What a service echoes is blotted out before it gets here."""
    if method != "create":
        # Another life cycle's, as in a later run: the claim is none of this one's.
        configured(BookKind, library).create(checked(provider))
    library.raises["list" if method == "read" else method] = ServiceError(
        f"422: lock={CANARY}"
    )
    with pytest.raises(ProviderError, match=r"422: lock=\[secret\]$") as told:
        CALLS[method](provider)
    assert CANARY not in str(told.value)


def test_state_that_is_not_the_kinds_is_a_bug_not_a_traceback(
    provider: Provider,
) -> None:
    """Pydantic's message would show the value; ours shows where."""
    with pytest.raises(ProviderError, match=r"bug in flowground \(ValidationError at "):
        provider.update("book-1", {"title": [CANARY]}, {"title": "Emma"})
    with pytest.raises(ProviderError) as told:
        provider.read("book-1", {"title": [CANARY]})
    assert CANARY not in str(told.value)


def test_a_preview_needs_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check and diff neither connect nor read a setting."""
    monkeypatch.setattr(BookKind, "connect", lambda *_: pytest.fail("connected"))
    offline = Provider(BookKind())
    inputs = checked(offline)
    assert offline.diff("book-1", inputs, {**inputs, "branch": "x"}).replaces == [
        "branch"
    ]


def test_unknowns_are_the_sdks_own() -> None:
    """What the servicer hands over is what the adapter looks for."""
    assert pulumi.contains_unknowns(unknown())
    arrived = rpc.deserialize_property(rpc.UNKNOWN, True)
    assert isinstance(arrived, Unknown)
