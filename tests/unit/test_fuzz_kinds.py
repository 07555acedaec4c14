"""Bad inputs of every kind that is registered: told, each in a sentence."""

from __future__ import annotations

import math

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel.inputs import to_inputs
from tests.fuzz.budget import few
from tests.fuzz.kinds import (
    Written,
    is_sent_or_told,
    is_told_or_canonical,
    written,
)
from tests.fuzz.samples import every_kind, of_kind

KINDS = every_kind()


@pytest.mark.parametrize("token", KINDS)
def test_what_the_samples_say_is_taken(token: str) -> None:
    """Else their mutations would be told for a reason that is not theirs."""
    props = of_kind(KINDS[token])[0]
    is_told_or_canonical(Written(KINDS[token], props))


@pytest.mark.parametrize("token", KINDS)
@few(25)
@given(st.data())
def test_bad_inputs_are_told_and_good_ones_are_canonical(
    token: str, data: st.DataObject
) -> None:
    """No traceback, no bug of ours, no secret; a field and a sentence each."""
    is_told_or_canonical(data.draw(written(KINDS[token])))


@pytest.mark.parametrize("token", KINDS)
@given(st.data())
@few(15)
def test_what_no_property_can_hold_is_told(token: str, data: st.DataObject) -> None:
    """A program's NaN, or half a character: by its field, and without a traceback."""
    is_sent_or_told(data.draw(written(KINDS[token])))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (math.nan, "not JSON compliant"),
        ("\ud800", "surrogates not allowed"),
        (object(), "Object of type object"),
        ({("a",): 1}, "keys must be str"),
    ],
)
def test_a_value_that_is_no_json_is_told(value: object, why: str) -> None:
    """As the engine's own sort of error, which it shows without a traceback."""
    with pytest.raises(pulumi.RunError, match=f"value has no JSON form .*{why}"):
        to_inputs(KINDS["prefect:Variable"].args, {"name": "a", "value": value})
