"""Policies in the one form in which they are compared.

AWS gives a bucket's policy back as it understood it: a list of one as the one, an
account's number as its root's ARN, the order within a list as it likes. Here all are
brought into one form, so that none of that looks like a change.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator

from components.kernel import JsonObject, canonical_json

VERSION: Final = "2012-10-17"
_LISTS: Final = ("Action", "NotAction", "Resource", "NotResource")
_WHO: Final = ("Principal", "NotPrincipal")
_ACCOUNT: Final = re.compile(r"\d{12}")
_TLS_ONLY: Final = "FlowgroundTlsOnly"


def canonical_policy(document: dict[str, Any]) -> dict[str, Any]:
    """Bring a policy into its canonical form.

    Raises:
        ValueError: It is no policy.
    """
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise ValueError("has no Statement; give it a list with at least one")
    if not all(isinstance(one, dict) for one in statements):
        raise ValueError("has a Statement that is no mapping; write each as one")
    return {
        "Version": VERSION,
        **document,
        "Statement": [_canonical_statement(one) for one in statements],
    }


def _canonical_statement(statement: dict[str, Any]) -> dict[str, Any]:
    canonical = dict(statement)
    for key in statement.keys() & set(_LISTS):
        canonical[key] = _canonical_values(statement[key])
    for key in statement.keys() & set(_WHO):
        if isinstance(statement[key], dict):
            canonical[key] = {
                sort: _canonical_values(who, account=sort == "AWS")
                for sort, who in statement[key].items()
            }
    if isinstance(conditions := statement.get("Condition"), dict):
        canonical["Condition"] = {
            test: {key: _canonical_values(value) for key, value in wanted.items()}
            if isinstance(wanted, dict)
            else wanted
            for test, wanted in conditions.items()
        }
    return canonical


def _canonical_values(values: Any, *, account: bool = False) -> Any:
    listed = values if isinstance(values, list) else [values]
    texts = {_text(one) for one in listed}
    if account:
        texts = {
            f"arn:aws:iam::{one}:root" if _ACCOUNT.fullmatch(one) else one
            for one in texts
        }
    return min(texts) if len(texts) == 1 else sorted(texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _no_sid_of_ours(document: dict[str, Any]) -> dict[str, Any]:
    if any(one.get("Sid") == _TLS_ONLY for one in document["Statement"]):
        raise ValueError(
            f"has a statement {_TLS_ONLY}, which is flowground's; remove it, and set "
            "tls_only"
        )
    return document


Policy: TypeAlias = Annotated[JsonObject, AfterValidator(canonical_policy)]
"""A policy document, in canonical form."""

BucketPolicy: TypeAlias = Annotated[Policy, AfterValidator(_no_sid_of_ours)]
"""What a program says of a bucket's policy."""


def bucket_arn(partition: str, bucket: str) -> str:
    """Return the ARN of a bucket."""
    return f"arn:{partition}:s3:::{bucket}"


def _tls_only(arn: str) -> dict[str, Any]:
    return {
        "Sid": _TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def whole_policy(
    arn: str, policy: dict[str, Any] | None, *, tls_only: bool
) -> dict[str, Any] | None:
    """Return the document that a bucket gets; None for none.

    Args:
        arn: The bucket's.
        policy: What the program says itself.
        tls_only: Whether plain HTTP is refused.
    """
    if not tls_only:
        return policy
    said = policy or {"Version": VERSION, "Statement": []}
    return {**said, "Statement": [*said["Statement"], _tls_only(arn)]}


def split_policy(
    arn: str, document: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, bool]:
    """Part a bucket's policy into what `whole_policy` took: the inverse of it.

    A statement of ours that somebody changed is the program's, where it shows.
    """
    if document is None:
        return None, False
    canonical = canonical_policy(document)
    ours = _canonical_statement(_tls_only(arn))
    rest = [one for one in canonical["Statement"] if one != ours]
    tls_only = len(rest) < len(canonical["Statement"])
    return ({**canonical, "Statement": rest} if rest else None), tls_only
