"""A bucket's policy is checked when it is put.

moto takes anything. AWS refuses what is no policy, principals that do not exist, other
buckets' resources, and, where public policies are blocked, one that lets everybody in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.s3 import models as s3_models
from moto.s3.utils import bucket_policy_is_public

from localcloud.s3.access.conditions import is_known, texts
from localcloud.s3.access.policies import statements
from localcloud.s3.access.principals import iam
from localcloud.s3.errors import AwsError
from localcloud.s3.root import ACCOUNT, ROOT_ARN

ELEMENTS = {
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
}


def _malformed(why: str) -> AwsError:
    return AwsError("MalformedPolicy", why, 400)


def check(bucket: str, policy: bytes) -> None:
    """Check a policy that is to be a bucket's.

    Raises:
        AwsError: AWS would refuse it.
    """
    try:
        document = json.loads(policy)
        found = statements(document)
    except (ValueError, AttributeError, TypeError):
        raise _malformed("This policy contains invalid Json") from None
    if document.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        raise _malformed("The policy must contain a valid version string")
    if not found:
        raise _malformed("Could not parse the policy: Statement is empty!")
    for statement in found:
        _check_statement(bucket, statement)


def _check_statement(bucket: str, statement: Mapping[str, Any]) -> None:
    for why in _faults(bucket, statement):
        raise _malformed(why)


def _faults(bucket: str, statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield what AWS would say against a statement, the first thing first."""
    for name in sorted(set(statement) - ELEMENTS):
        yield f"Unknown field {name}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Invalid effect: {statement.get('Effect')}"
    for element in ("Principal", "Action", "Resource"):
        if element not in statement and f"Not{element}" not in statement:
            yield f"Missing required field {element}"
    if not all(map(_exists, _aws_principals(statement))):
        yield "Invalid principal in policy"
    actions = _either(statement, "Action")
    if not all(each == "*" or each.lower().startswith("s3:") for each in actions):
        yield "Policy has invalid action"
    arn = f"arn:aws:s3:::{bucket}"
    resources = _either(statement, "Resource")
    if not all(each == arn or each.startswith(f"{arn}/") for each in resources):
        yield "Policy has invalid resource"
    for operator in statement.get("Condition", {}):
        if not is_known(operator):
            yield f"Invalid Condition type : {operator}"


def _either(statement: Mapping[str, Any], element: str) -> list[str]:
    """Return the values of an element, or of its negation."""
    return texts(statement.get(element, [])) + texts(statement.get(f"Not{element}", []))


def _aws_principals(statement: Mapping[str, Any]) -> Iterator[str]:
    for element in ("Principal", "NotPrincipal"):
        named = statement.get(element, {})
        if isinstance(named, str):
            if named != "*":
                raise _malformed("Invalid policy syntax.")
        else:
            yield from texts(named.get("AWS", []))


def _exists(principal: str) -> bool:
    if principal in ("*", ROOT_ARN) or (principal.isdigit() and len(principal) == 12):
        return True
    prefix, _, rest = principal.partition(f"::{ACCOUNT}:")
    if prefix == "arn:aws:sts" and rest.startswith("assumed-role/"):
        return rest.split("/")[1] in {role.name for role in iam().roles.values()}
    holders = (*iam().users.values(), *iam().roles.values())
    return principal in {holder.arn for holder in holders}


def apply() -> None:
    """Check before keeping."""
    models: Any = s3_models
    put = models.S3Backend.put_bucket_policy

    def new_put(backend: Any, bucket_name: str, policy: bytes) -> None:
        bucket = backend.get_bucket(bucket_name)
        check(bucket_name, policy)
        block = bucket.public_access_block
        if block and block.block_public_policy and bucket_policy_is_public(policy):
            raise AwsError(
                "AccessDenied",
                "User is not authorized to perform: s3:PutBucketPolicy because public "
                "policies are prevented by the BlockPublicPolicy setting in S3 Block "
                "Public Access.",
                403,
            )
        put(backend, bucket_name, policy)

    models.S3Backend.put_bucket_policy = new_put
