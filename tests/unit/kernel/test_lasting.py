"""What lasts as long as the process is nothing for the collector."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from components.kernel.lasting import lasting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector as it was."""
    yield
    gc.unfreeze()
    gc.enable()


def test_what_lasts_is_not_walked() -> None:
    """Neither while it is made nor later; the collector works on as before."""
    with lasting():
        assert not gc.isenabled()
        kept = [object()]
    assert gc.isenabled()
    assert not any(one is kept for one in gc.get_objects())


def test_a_failure_leaves_the_collector_on() -> None:
    """Nothing listens where the settings say, and the process goes on."""
    with pytest.raises(ValueError, match="no"), lasting():
        raise ValueError("no")
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    """As the program has it."""
    gc.disable()
    with lasting():
        pass
    assert not gc.isenabled()
