"""The rules, a file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import (
    few_deletions,
    kept_data,
    key_age,
    key_lifetime,
    owners,
    pinned_code,
    pinned_images,
    plain_credentials,
    private_buckets,
    protected_data,
    resting_schedules,
    tls_buckets,
)

if TYPE_CHECKING:
    from policy.rule import Rule, StackRule

RULES: Final[tuple[Rule, ...]] = (
    protected_data.RULE,
    pinned_code.RULE,
    pinned_images.RULE,
    resting_schedules.RULE,
    plain_credentials.RULE,
    tls_buckets.RULE,
    private_buckets.RULE,
    key_lifetime.RULE,
    owners.RULE,
)
STACK_RULES: Final[tuple[StackRule, ...]] = (
    plain_credentials.OF_CONFIG,
    kept_data.RULE,
    few_deletions.RULE,
    key_age.RULE,
)
NAMES: Final = (
    *(rule.name for rule in RULES),
    *(rule.name for rule in STACK_RULES),
)
