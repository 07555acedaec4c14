"""Where moto departs from AWS in what buckets need, one file a departure.

Each file says what AWS does, and has an `apply` that makes moto do it. The tests of
`tests/localcloud/s3` fail without it.
"""

from __future__ import annotations

from localcloud.s3.patches import (
    acls,
    checksums,
    event_bridge,
    identity,
    instances,
    key_states,
    lifecycle,
    new_buckets,
    permissions,
    policies,
    providers,
    sessions,
    versions,
)

PATCHES = (
    acls,
    checksums,
    event_bridge,
    identity,
    instances,
    key_states,
    lifecycle,
    new_buckets,
    permissions,
    policies,
    providers,
    sessions,
    versions,
)


def apply() -> None:
    """Mend moto, before it serves anything."""
    for patch in PATCHES:
        patch.apply()
