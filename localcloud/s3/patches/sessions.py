"""Sessions that have ended are forgotten; moto keeps them, and their keys, for ever.

A container that lives for weeks takes its role again each hour.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.sts.models import STSBackend

from localcloud.s3.access.principals import iam

# Until then whoever uses it is told that it has ended, and not that it never was.
KEPT_SECONDS = 24 * 3600


def apply() -> None:
    """Forget old sessions when a new one begins."""
    models: Any = STSBackend
    assume = models.assume_role

    def new_assume(backend: Any, *args: Any, **more: Any) -> Any:
        now = utcnow()
        ended = [
            session
            for session in backend.assumed_roles
            if (now - session.expiration).total_seconds() > KEPT_SECONDS
        ]
        for session in ended:
            backend.assumed_roles.remove(session)
            iam().access_keys.pop(session.access_key_id, None)
        return assume(backend, *args, **more)

    models.assume_role = new_assume
