"""The life cycle of S3's kinds on a second, independent emulator of AWS.

The first one is patched where it departs from AWS as we know it; that our kinds have
not been fitted to one emulator's faults, nor to our own patches, is shown here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.samples import SAMPLES
from tests.contract.test_lifecycle import *  # noqa: F403  # every test of it
from tests.contract.test_lifecycle import _holds  # noqa: F401  # a fixture of theirs
from tests.support.ministack import ministack
from tests.support.s3_world import S3World, account

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if sample.token.startswith("s3:")],
    ids=lambda s: s.token,
)


class Account:
    """One world for all kinds of S3."""

    def __init__(self, world: S3World) -> None:
        self.world = world

    def of(self, token: str) -> S3World:
        """Return the world of a kind."""
        del token
        return self.world


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Return the account, in the place of the contract suite's worlds."""
    folder = tmp_path_factory.mktemp("ministack")
    with ministack(folder) as (env, log), account(env, log) as world:
        yield Account(world)
