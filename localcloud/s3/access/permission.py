"""May they? Each action that a request is, held against all policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.s3.models import s3_backends

from localcloud.s3.access import kms_keys, operations, policies, web_identity
from localcloud.s3.access.asked import Asked
from localcloud.s3.access.conditions import Context
from localcloud.s3.access.policies import Act, Effect, decide
from localcloud.s3.access.principals import ANONYMOUS, Principal, role_named
from localcloud.s3.errors import AwsError, Refusal, refuse
from localcloud.s3.http import Request
from localcloud.s3.root import ACCOUNT

# Nobody needs permission to ask who they are.
_FREE = {"sts:GetCallerIdentity"}


def for_s3(
    request: Request,
    principal: Principal,
    name: str,
    named: Mapping[str, Any],
    context: Context,
) -> Asked:
    """Let a request to S3 in.

    Raises:
        AwsError: The principal may not do it.
    """
    region = region_of(context)
    bucket, key = str(named.get("Bucket", "")), str(named.get("Key", ""))

    def may(actions: Iterable[operations.Action]) -> bool:
        return all(
            decide(
                principal,
                Act(action, resource, context),
                _policy(action, resource, region),
            )
            for action, resource in actions
        )

    own = operations.s3_actions(name, named, request)
    if not may(own) or not may(kms_keys.actions(name, named, request, region)):
        raise refuse("s3", Refusal.DENIED, "Access Denied")
    refused: frozenset[str] = frozenset()
    if name == "DeleteObjects":
        refused = frozenset(
            each
            for each, action in operations.keys_to_delete(bucket, request.body)
            if not may([action])
        )
    is_read = name in ("GetObject", "HeadObject")
    is_there = bucket in s3_backends[ACCOUNT]["aws"].buckets
    listing = [("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
    hides = is_read and is_there and not may(listing)
    return Asked("s3", name, request, principal, bucket, key, refused, hides)


def region_of(context: Context) -> str:
    """Return the region that a request was signed for."""
    return context.get("aws:requestedregion", ("us-east-1",))[0]


def _policy(action: str, resource: str, region: str) -> policies.Document | None:
    """Return the policy of the bucket or key that an action is about, if it has one."""
    if action.startswith("kms:"):
        key = None if resource == "*" else kms_keys.find_key(resource, region)
        return policies.parse(key.policy) if key else None
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name)
    return policies.parse(bucket.policy) if bucket and bucket.policy else None


def for_others(asked: Asked, given: Mapping[str, Any], context: Context) -> None:
    """Let a call to IAM, STS or KMS in.

    Raises:
        AwsError: The principal may not do it.
    """
    service, name, principal = asked.service, asked.operation, asked.principal
    if name == "AssumeRoleWithWebIdentity":
        web_identity.check(given, context)
        return
    if principal is ANONYMOUS:
        raise AwsError(
            "MissingAuthenticationToken", "Request is missing Authentication Token", 403
        )
    action, resource = operations.other_action(service, name, given, region_of(context))
    if action in _FREE:
        return
    act = Act(action, resource, context)
    permitted = decide(principal, act, _policy(action, resource, region_of(context)))
    if name == "AssumeRole":
        permitted = _may_assume(principal, act)
    if not permitted:
        raise refuse(
            service,
            Refusal.DENIED,
            f"User: {principal.arn} is not authorized to perform: {action} on "
            f"resource: {resource}",
        )


def _may_assume(principal: Principal, act: Act) -> bool:
    """Tell whether a role trusts its caller, and the caller may turn to it.

    Of its own account a role trusts whom it names; or, naming the account, all whom
    the account's policies let assume it.
    """
    role = role_named(act.resource)
    if role is None:
        return False
    trust = policies.parse(role.assume_role_policy_document)
    trusted = policies.of_resource(trust, act, principal)
    return trusted in (Effect.ALLOWED, Effect.DELEGATED) and decide(
        principal, act, trust
    )
