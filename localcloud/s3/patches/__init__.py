"""Where moto departs from AWS in what buckets need, one file a departure.

Each file says what AWS does, and has an `apply` that makes moto do it. The tests of
`tests/localcloud/s3` fail without it.
"""

from __future__ import annotations

from localcloud.s3.patches import instances, permissions


def apply() -> None:
    """Mend moto, before it serves anything."""
    for patch in (instances, permissions):
        patch.apply()
