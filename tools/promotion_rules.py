"""What of a stack's config is an environment's own, and never another's."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, TypeAlias

from components.github import client as github
from components.modal import client as modal
from components.prefect import client as prefect
from components.s3 import client as s3

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.yaml_text import Path

Pattern: TypeAlias = tuple[str, ...]
"""A path below the project's keys; `*` in a part stands for anything."""


def pattern(path: str) -> Pattern:
    """Read a path as people write it: `prefect.concurrency_limits.*.limit`."""
    return tuple(path.split("."))


def matches(path: Path, patterns: Iterable[Pattern]) -> bool:
    """Tell whether a path is one of those that are meant."""
    return any(
        len(path) == len(one)
        and all(fnmatchcase(part, want) for part, want in zip(path, one, strict=True))
        for one in patterns
    )


# Where the services are, and who asks.
_CLIENTS: Final = (
    *prefect.SETTINGS,
    *modal.SETTINGS,
    *github.SETTINGS,
    *s3.SETTINGS,
)
OWN: Final[tuple[Pattern, ...]] = (
    *((setting,) for setting in _CLIENTS),
    *map(
        pattern,
        (
            "tier",
            "prefect.workspace",
            "prefect.schedules",
            "prefect.service_accounts.*.account.rotation",
            "prefect.service_accounts.*.account.api_key_expiration",
            "modal.environment",
            "modal.service_user.name",
            "modal.service_user.rotation",
            "modal.service_user.environment_roles",
            "modal.token",
            # Who reviews, and from where is deployed.
            "github.environment",
            "s3.dag_buckets.*.bucket.name",
            "s3.dag_buckets.*.bucket.force_destroy",
            "s3.dag_buckets.*.role.name",
            "s3.dag_buckets.*.role.environment",
            "s3.dag_buckets.*.role.workspace_id",
            "s3.dag_buckets.*.key.name",
            "s3.dag_buckets.*.key.rotation",
            "modal.volumes.*.force_destroy",
            "modal.dicts.*.force_destroy",
            "modal.queues.*.force_destroy",
            "modal.airflow.force_destroy",
        ),
    ),
)
