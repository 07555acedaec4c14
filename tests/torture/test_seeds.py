"""A few seeds: the whole of it is `make torture`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.torture.kept import QUICK
from tests.torture.seeds import expected, live
from tests.torture.world import World, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run the services behind lines that may go wrong."""
    with worlds(tmp_path_factory.mktemp("torture")) as made:
        yield made


@pytest.fixture(scope="module")
def there(world: World) -> dict[int, Any]:
    """Return what is there after an `up` that nothing disturbed."""
    return expected(world)


@pytest.mark.parametrize("seed", QUICK)
def test_one_run_mends_what_faults_and_kills_have_left(
    world: World, there: dict[int, Any], seed: int
) -> None:
    """The same objects, the same state, keys that open; then nothing is left."""
    report = live(world, seed, there)
    assert report.problems == [], (report.story, report.errors)
