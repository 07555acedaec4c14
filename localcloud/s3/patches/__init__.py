"""Where moto departs from AWS in what buckets need, one file a departure.

Each file says what AWS does, and has an `apply` that makes moto do it. The tests of
`tests/localcloud/s3` fail without it.
"""

from __future__ import annotations

import importlib

PATCHES = (
    "acls",
    "checksums",
    "event_bridge",
    "identity",
    "instances",
    "key_states",
    "lifecycle",
    "new_buckets",
    "permissions",
    "policies",
    "providers",
    "sessions",
    "versions",
)


def apply() -> None:
    """Mend moto, before it serves anything."""
    for name in PATCHES:
        importlib.import_module(f"{__name__}.{name}").apply()
