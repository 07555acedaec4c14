"""JSON as one text: what `canonical_json` writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from components.kernel import canonical_json
from tests.unit.kernel.values import JSON_VALUES, exactly


@given(JSON_VALUES)
def test_every_json_value_survives_the_text(value: Any) -> None:
    """Nulls, empty containers, big integers and floats come back as they went."""
    assert exactly(json.loads(canonical_json(value))) == exactly(value)


@given(JSON_VALUES)
def test_one_value_has_one_text(value: Any) -> None:
    """Writing what was read gives the same text, so that no diff appears."""
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


def test_the_order_of_keys_means_nothing() -> None:
    """Two programs that write one object in another order agree."""
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == (
        '{"a":{"c":3,"d":2},"b":1}'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1.0"),
        (True, "true"),
        (None, "null"),
        ("1", '"1"'),
        ([1, None, {}], "[1,null,{}]"),
        (2**64 + 1, "18446744073709551617"),
        ("grün", '"grün"'),
    ],
    ids=str,
)
def test_the_text_is_compact_and_readable(value: Any, text: str) -> None:
    """No space, no escapes: what the CLI shows is what the user wrote."""
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), [-float("inf")], "\ud800", {"a": ["\udfff"]}]
)
def test_what_is_no_json_is_refused(value: Any) -> None:
    """NaN, infinities and half surrogate pairs would break the first reader."""
    with pytest.raises(ValueError, match=r"not JSON compliant|surrogates not allowed"):
        canonical_json(value)
