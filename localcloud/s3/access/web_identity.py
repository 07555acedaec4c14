"""`AssumeRoleWithWebIdentity`: is this token its issuer's, and does the role trust it?

moto takes any token. Here it must be signed by a key of its issuer, unexpired, and for
an audience that the account's provider names; then the role's trust policy decides,
with the token's claims as condition keys (`oidc.modal.com:sub`).

An issuer's keys are read where OpenID Connect says: `/.well-known/openid-configuration`
of its address. For an issuer whose address cannot be asked from here, such as a local
Modal that signs as `oidc.modal.com`, `LOCALCLOUD_OIDC_ISSUERS` names another place:
`https://oidc.modal.com=http://127.0.0.1:4211/oidc`, several separated by spaces.
"""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from localcloud.s3.access import policies
from localcloud.s3.access.conditions import Context
from localcloud.s3.access.policies import Act, Effect
from localcloud.s3.access.principals import Principal, iam, role_named
from localcloud.s3.errors import AwsError

ISSUERS_VARIABLE = "LOCALCLOUD_OIDC_ISSUERS"
ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
SECONDS = 5
LEEWAY = 60
Claims = Mapping[str, Any]


def check(given: Mapping[str, Any], context: Context) -> None:
    """Check the token and the role of a call.

    Raises:
        AwsError: The token is no good, or the role does not trust it.
    """
    token, role = str(given.get("WebIdentityToken", "")), str(given.get("RoleArn", ""))
    issuer = _issuer(token)
    provider = _provider(issuer)
    claims = _claims(token, issuer)
    audience = claims.get("aud", [])
    if not {*(audience if isinstance(audience, list) else [audience])} & {
        *provider.client_id_list
    }:
        raise _invalid("Incorrect token audience")
    trusted = role_named(role)
    act = Act(
        "sts:AssumeRoleWithWebIdentity", role, {**context, **_keys(provider, claims)}
    )
    caller = Principal(arn=provider.arn, account="", provider=provider.arn)
    trust = trusted and policies.parse(trusted.assume_role_policy_document)
    if not trust or policies.of_resource(trust, act, caller) is not Effect.ALLOWED:
        raise AwsError(
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            403,
        )


def _invalid(why: str) -> AwsError:
    return AwsError("InvalidIdentityToken", why, 400)


def _claims(token: str, issuer: str) -> Claims:
    """Verify a token by the keys of its issuer, which may have changed since read."""
    for _ in range(2):
        try:
            claims = jwt.decode(token, _key_set(issuer), algorithms=ALGORITHMS).claims
            break
        except (JoseError, ValueError):
            _key_set.cache_clear()
    else:
        raise _invalid(
            "Couldn't retrieve verification key from your identity provider, please "
            "reference AssumeRoleWithWebIdentity documentation for requirements"
        )
    if claims.get("exp", 0) < time.time() - LEEWAY:
        raise AwsError("ExpiredTokenException", "Token expired", 400)
    return claims


def _issuer(token: str) -> str:
    """Read who claims to have signed, before any key is known."""
    try:
        body = token.split(".")[1]
        unsigned = json.loads(_decoded(body))
        return str(unsigned["iss"])
    except (ValueError, LookupError, TypeError):
        raise _invalid("The ID Token provided is not a valid JWT.") from None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _provider(issuer: str) -> Any:
    """Find the account's provider of an issuer; no other's keys are asked for."""
    address = issuer.partition("//")[2].rstrip("/")
    for provider in iam().open_id_providers.values():
        if provider.url.rstrip("/") == address:
            return provider
    raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")


def _keys(provider: Any, claims: Claims) -> dict[str, tuple[str, ...]]:
    """Return the claims as condition keys: `oidc.modal.com:sub` and its like."""
    keys: dict[str, tuple[str, ...]] = {"aws:federatedprovider": (str(provider.arn),)}
    for name in ("sub", "aud", "azp", "amr"):
        value = claims.get(name)
        if value is not None:
            several = value if isinstance(value, list) else [value]
            keys[f"{provider.url}:{name}".lower()] = tuple(map(str, several))
    return keys


@lru_cache(maxsize=16)
def _key_set(issuer: str) -> KeySet:
    """Read the public keys of an issuer.

    Raises:
        ValueError: They cannot be had.
    """
    pairs = (
        each.partition("=") for each in os.environ.get(ISSUERS_VARIABLE, "").split()
    )
    elsewhere = {name: address for name, _, address in pairs}
    address = elsewhere.get(issuer, issuer).rstrip("/")
    try:
        found = _fetch(f"{address}/.well-known/openid-configuration")
        return KeySet.import_key_set(_fetch(found["jwks_uri"]))
    except (OSError, LookupError, TypeError) as error:
        raise ValueError(str(error)) from None


def _fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=SECONDS) as response:  # noqa: S310  the account's own provider names it
        return json.load(response)
