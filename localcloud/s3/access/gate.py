"""The gate that every request passes: known, unaltered, on time, and permitted."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from localcloud.s3 import integrity
from localcloud.s3.access import operations, permission
from localcloud.s3.access.asked import Asked
from localcloud.s3.access.circumstances import context_of
from localcloud.s3.access.principals import (
    ANONYMOUS,
    Credential,
    Principal,
    find,
)
from localcloud.s3.access.signature import Claim, claim, is_right
from localcloud.s3.errors import SERVICES, AwsError, Refusal, Service, refuse

if TYPE_CHECKING:
    from localcloud.s3.http import Request
    from localcloud.s3.root import RootKey

SKEW = dt.timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
# What moto takes for another operation, or knows nothing of.
_NOT_SERVED = re.compile(
    r"Analytics|IntelligentTiering|Metrics|Metadata(Table)?Config|Annotation|Abac|"
    r"RequestPayment|CreateSession|ListDirectoryBuckets|RenameObject|"
    r"UpdateObjectEncryption|WriteGetObjectResponse|Torrent|PostObject|"
    r"GetSessionToken|GetFederationToken|AssumeRoleWithSAML"
)


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
            return permission.for_s3(plain, principal, name, named, context)
        given = operations.parameters(service, plain)
        asked = Asked(service, name, plain, principal)
        permission.for_others(asked, given, context)
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
