"""Who one is: the account's owner is its root, and a session is a role's.

moto calls every key that it did not make `user/moto`.
"""

from __future__ import annotations

from typing import Any

from moto.sts.models import STSBackend

from localcloud.s3.root import ACCOUNT, ROOT_ARN


def apply() -> None:
    """Know the root."""
    models: Any = STSBackend
    ask = models.get_caller_identity

    def identity(backend: Any, key_id: str, region: str) -> tuple[str, str, str]:
        user_id, arn, account = ask(backend, key_id, region)
        if arn.endswith(":user/moto"):
            return ACCOUNT, ROOT_ARN, ACCOUNT
        return user_id, arn, account

    models.get_caller_identity = identity
