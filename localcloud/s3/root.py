"""The account and the key of its owner, who may do everything."""

from __future__ import annotations

from dataclasses import dataclass, field

ACCOUNT = "123456789012"
ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"


@dataclass(frozen=True)
class RootKey:
    """The access key that the account's owner was given at first start."""

    id: str
    secret: str = field(repr=False)
