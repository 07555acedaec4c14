"""What keys open, by a second emulator's reading of IAM's policies.

Not asked of it, because it is wrong there:

- it lets its root by a policy that refuses plain HTTP, which AWS lets nobody by;
- it has no AddClientIDToOpenIDConnectProvider;
- a bucket made by hand has no block of public access, which AWS gives every new one.

And in one thing it is right where the first one is not: a notification to a queue that
is not there is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.test_s3_access import (  # noqa: F401  # collected here once more
    bucket,
    no_provider,
    test_a_key_opens_its_prefix_and_nothing_else,
    test_a_key_that_ended_is_seen_and_made_anew,
    test_a_key_whose_answer_was_lost_is_not_left_behind,
    test_a_rotation_leaves_the_old_key_one_more_turn,
    test_roles_share_a_provider_until_the_last,
    world,
)
from tests.contract.test_s3_second_emulator import Account
from tests.support.ministack import ministack
from tests.support.s3_world import account

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Return the account, in the place of the contract suite's worlds."""
    folder = tmp_path_factory.mktemp("ministack")
    with ministack(folder) as (env, log), account(env, log) as opened:
        yield Account(opened)
