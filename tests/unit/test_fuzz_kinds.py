"""Bad inputs of every kind that is registered: told, each in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.fuzz.budget import few
from tests.fuzz.kinds import Written, is_told_or_canonical, written
from tests.fuzz.samples import every_kind, of_kind

KINDS = every_kind()


@pytest.mark.parametrize("token", KINDS)
def test_what_the_samples_say_is_taken(token: str) -> None:
    """Else their mutations would be told for a reason that is not theirs."""
    props = of_kind(KINDS[token])[0]
    is_told_or_canonical(Written(KINDS[token], props))


@pytest.mark.parametrize("token", KINDS)
@few(25, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_bad_inputs_are_told_and_good_ones_are_canonical(
    token: str, data: st.DataObject
) -> None:
    """No traceback, no bug of ours, no secret; a field and a sentence each."""
    is_told_or_canonical(data.draw(written(KINDS[token])))
