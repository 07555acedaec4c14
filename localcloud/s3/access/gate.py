"""The gate that every request passes: known, unaltered, on time, and permitted."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from localcloud.s3 import integrity
from localcloud.s3.access import operations, policies, web_identity
from localcloud.s3.access.circumstances import context_of
from localcloud.s3.access.conditions import Context
from localcloud.s3.access.policies import Act, Effect, decide
from localcloud.s3.access.principals import (
    ANONYMOUS,
    Credential,
    Principal,
    find,
    role_named,
)
from localcloud.s3.access.signature import Claim, claim, is_right
from localcloud.s3.errors import SERVICES, AwsError, Refusal, Service, refuse
from localcloud.s3.root import ACCOUNT

if TYPE_CHECKING:
    from localcloud.s3.http import Request
    from localcloud.s3.root import RootKey

SKEW = dt.timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
# Nobody needs permission to ask who they are.
_FREE = {"sts:GetCallerIdentity"}
# What moto takes for another operation, or knows nothing of.
_NOT_SERVED = re.compile(
    r"Analytics|IntelligentTiering|Metrics|Metadata(Table)?Config|Annotation|Abac|"
    r"RequestPayment|CreateSession|ListDirectoryBuckets|RenameObject|"
    r"UpdateObjectEncryption|WriteGetObjectResponse|Torrent|PostObject|"
    r"GetSessionToken|GetFederationToken|AssumeRoleWithSAML"
)


@dataclass(frozen=True)
class Asked:
    """A request that may be carried out.

    Attributes:
        service: The service that it is for.
        operation: The operation's name in the service's model.
        request: The request, with a plain body.
        principal: Who asks.
        bucket: The bucket that its path names, if any.
        key: The key that its path names, if any.
        refused_keys: Keys of a batch deletion that must stay.
        hides_absence: Whether an object that is not there must not be told from one
            that may not be read: so AWS answers whoever may not list.
    """

    service: Service
    operation: str
    request: Request
    principal: Principal
    bucket: str = ""
    key: str = ""
    refused_keys: frozenset[str] = field(default_factory=frozenset)
    hides_absence: bool = False


class Access:
    """The gate of one account, whose owner has the root key."""

    def __init__(self, root: RootKey) -> None:
        self._root = root

    def service(self, request: Request) -> Service:
        """Tell which service a request is for: its signature says so."""
        try:
            claimed = claim(request)
        except AwsError:
            claimed = None
        if claimed is not None:
            for name in SERVICES:
                if name == claimed.service:
                    return name
        if request.method == "POST" and request.raw_path == "/":
            return "sts"
        return "s3"

    def admit(self, service: Service, request: Request) -> Asked:
        """Let a request in.

        Raises:
            AwsError: It is not what it claims to be, or not permitted.
        """
        claimed = claim(request)
        principal = (
            ANONYMOUS
            if claimed is None
            else self._identified(service, request, claimed)
        )
        plain = integrity.checked(request) if service == "s3" else request
        name, named = operations.operation(service, plain)
        if _NOT_SERVED.search(name):
            raise AwsError(
                "NotImplemented", f"The local cloud does not have {name}.", 501
            )
        context = context_of(request, principal, claimed)
        if service == "s3":
            return _for_s3(plain, principal, name, named, context)
        given = operations.parameters(service, plain)
        region = claimed.region if claimed else "us-east-1"
        asked = Asked(service, name, plain, principal)
        _for_others(asked, given, region, context)
        return asked

    def _identified(
        self, service: Service, request: Request, claimed: Claim
    ) -> Principal:
        held = find(claimed.key_id, self._root)
        if held is None:
            raise refuse(
                service,
                Refusal.NO_SUCH_KEY_ID,
                "The AWS Access Key Id you provided does not exist in our records."
                if service == "s3"
                else "The security token included in the request is invalid.",
            )
        if not is_right(request, claimed, held.secret):
            raise refuse(
                service,
                Refusal.WRONG_SIGNATURE,
                "The request signature we calculated does not match the signature you "
                "provided. Check your key and signing method.",
            )
        _check_time(service, claimed)
        _check_token(service, claimed, held)
        return held.principal


def _check_time(service: Service, claimed: Claim) -> None:
    signed = dt.datetime.strptime(claimed.stamp, "%Y%m%dT%H%M%SZ").replace(
        tzinfo=dt.UTC
    )
    now = dt.datetime.now(dt.UTC)
    if claimed.expires is None:
        if abs(now - signed) > SKEW:
            raise refuse(
                service,
                Refusal.WRONG_CLOCK,
                "The difference between the request time and the current time is too "
                "large.",
            )
    elif claimed.expires > LONGEST_PRESIGNED:
        raise AwsError(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be less than a week (in seconds) 604800",
            400,
        )
    elif now > signed + dt.timedelta(seconds=claimed.expires):
        raise refuse(service, Refusal.DENIED, "Request has expired")


def _check_token(service: Service, claimed: Claim, held: Credential) -> None:
    if claimed.token != held.token:
        raise refuse(
            service,
            Refusal.WRONG_TOKEN,
            "The provided token is malformed or otherwise invalid.",
        )
    if held.has_ended:
        raise refuse(service, Refusal.EXPIRED_TOKEN, "The provided token has expired.")


def _for_s3(
    request: Request,
    principal: Principal,
    name: str,
    named: Mapping[str, Any],
    context: Context,
) -> Asked:
    bucket, key = str(named.get("Bucket", "")), str(named.get("Key", ""))

    def may(actions: Iterable[operations.Action]) -> bool:
        return all(
            decide(principal, Act(action, resource, context), _bucket_policy(resource))
            for action, resource in actions
        )

    if not may(operations.s3_actions(name, named, request)):
        raise refuse("s3", Refusal.DENIED, "Access Denied")
    refused: frozenset[str] = frozenset()
    if name == "DeleteObjects":
        refused = frozenset(
            each
            for each, action in operations.keys_to_delete(bucket, request.body)
            if not may([action])
        )
    listing = [("s3:ListBucket", f"arn:aws:s3:::{bucket}")]
    hides = name in ("GetObject", "HeadObject") and not may(listing)
    return Asked("s3", name, request, principal, bucket, key, refused, hides)


def _bucket_policy(resource: str) -> policies.Document | None:
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name)
    return policies.parse(bucket.policy) if bucket and bucket.policy else None


def _for_others(
    asked: Asked, given: Mapping[str, Any], region: str, context: Context
) -> None:
    """Let a call to IAM, STS or KMS in."""
    service, name, principal = asked.service, asked.operation, asked.principal
    if name == "AssumeRoleWithWebIdentity":
        web_identity.check(given, context)
        return
    if principal is ANONYMOUS:
        raise AwsError(
            "MissingAuthenticationToken", "Request is missing Authentication Token", 403
        )
    action, resource = operations.other_action(service, name, given, region)
    if action in _FREE:
        return
    act = Act(action, resource, context)
    permitted = decide(principal, act, _key_policy(action, resource))
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


def _key_policy(action: str, resource: str) -> policies.Document | None:
    """Return the policy of the key that a call to KMS is about."""
    if not action.startswith("kms:"):
        return None
    region, _, name = resource.partition(":kms:")[2].partition(":")
    backend = kms_backends[ACCOUNT].get(region)
    key_id = name.partition(":")[2].removeprefix("key/")
    if backend is None:
        return None
    if key_id.startswith("alias/"):
        key_id = backend.any_id_to_key_id(key_id)
    key = backend.keys.get(key_id)
    return policies.parse(key.policy) if key else None
