"""Placeholders are filled as Prefect's own templating fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.utilities.templating import apply_values

from components.prefect.project.templating import KEEP, Meanings, fill

if TYPE_CHECKING:
    from components.kernel.check import Failure

VALUES: dict[str, Any] = {
    "a": "text",
    "b": 3,
    "c": True,
    "d": {"e": [1, {"f": None}]},
    "step.output": "x",
}
SIMPLE = ["a", "b", "c"]
PLACEHOLDERS = st.sampled_from(["a", "b", "c", "d"]).map(lambda n: f"{{{{ {n} }}}}")
TEXTS = st.lists(
    st.sampled_from(SIMPLE).map(lambda n: f"{{{{{n}}}}}")
    | st.text(st.sampled_from("xyz {}$.")),
    max_size=4,
).map("".join)
TEMPLATES = st.recursive(
    PLACEHOLDERS | TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("pqr"), inner, max_size=3)
    ),
    max_leaves=8,
)


def filled(value: Any, means: Any) -> tuple[Any, list[Failure]]:
    faults: list[Failure] = []
    return fill(value, means, ("at",), faults), faults


@given(TEMPLATES)
def test_known_values_are_put_in_as_prefect_does(template: Any) -> None:
    """The same result as Prefect's own `apply_values`, types and all."""
    result, faults = filled(template, VALUES.__getitem__)
    assert not faults
    assert result == apply_values(template, VALUES)


@given(TEMPLATES)
def test_what_is_kept_stays_to_the_letter(template: Any) -> None:
    """What a run will fill is not touched."""
    assert filled(template, lambda _: KEEP) == (template, [])


def meanings() -> Meanings:
    return Meanings(lambda n: f"variable {n}", lambda n: f"block {n}")


@pytest.mark.parametrize(
    ("name", "now", "by_event", "at_run"),
    [
        ("$HERE", "there", "there", "there"),
        ("$ABSENT", None, None, KEEP),
        ("prefect.variables.x", "variable x", "variable x", KEEP),
        ("prefect.blocks.s.n.f", "block s.n.f", "block s.n.f", KEEP),
        ("ctx.flow_run.id", KEEP, KEEP, KEEP),
        ("event.id", None, KEEP, KEEP),
        ("clone.directory", None, KEEP, KEEP),
    ],
)
def test_each_place_is_filled_at_its_time(
    monkeypatch: pytest.MonkeyPatch, name: str, now: Any, by_event: Any, at_run: Any
) -> None:
    """Deployments now, triggers' parameters by events, pull steps when a run begins."""
    monkeypatch.setenv("HERE", "there")
    monkeypatch.delenv("ABSENT", raising=False)
    for means, expected in (
        (meanings().now, now),
        (meanings().by_event, by_event),
        (meanings().at_run, at_run),
    ):
        if expected is None:
            with pytest.raises(LookupError):
                means(name)
        else:
            assert means(name) == expected


def test_a_name_must_be_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of resources cannot wait for a variable."""
    monkeypatch.setenv("HERE", "there")
    assert Meanings.at_preview("$HERE") == "there"
    with pytest.raises(LookupError, match="known before"):
        Meanings.at_preview("prefect.variables.x")


def test_a_fault_has_its_path() -> None:
    """What is wrong is told where it is."""

    def nothing(name: str) -> Any:
        raise LookupError(f"no {name}")

    _, faults = filled({"p": ["", {"q": "x {{ y }}"}]}, nothing)
    assert faults == [("at.p[1].q", "no y")]


def test_a_mapping_is_not_put_into_a_text() -> None:
    """Prefect would write Python's own form of it."""
    _, faults = filled("x {{ d }}", VALUES.__getitem__)
    assert "puts a mapping into a text" in faults[0].reason
