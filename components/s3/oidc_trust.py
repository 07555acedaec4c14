"""Whom a role trusts: the functions of one Modal environment, or of one app in it.

Modal signs a token for each container, and AWS takes it for the issuer's that the
account knows as an identity provider. Quirks: a provider is one for the whole account,
and all who trust the issuer share it; its ARN ends with the issuer's URL, less the
scheme; a pattern must end with the colon before what may follow, or `dev` would let
`dev2` in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from components.kernel import AlreadyExistsError, Wire, canonical_json

from .grant import TAG
from .policy import VERSION, canonical_policy

if TYPE_CHECKING:
    from .client import S3Api

_AUDIENCE: Final = "oidc.modal.com"
_ISSUER: Final = f"https://{_AUDIENCE}"
_ASSUME: Final = "sts:AssumeRoleWithWebIdentity"


class Trusted(NamedTuple):
    """Whose functions may take on a role; every app's if there is none."""

    workspace_id: str
    environment: str
    app: str | None


def to_trust(provider: str, trusted: Trusted) -> Wire:
    """Write the policy that trusts them, in canonical form."""
    subject = (
        f"modal:workspace_id:{trusted.workspace_id}"
        f":environment_name:{trusted.environment}"
    )
    if trusted.app is not None:
        subject += f":app_name:{trusted.app}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": _ASSUME,
        "Condition": {
            "StringEquals": {f"{_AUDIENCE}:aud": _AUDIENCE},
            "StringLike": {f"{_AUDIENCE}:sub": f"{subject}:*"},
        },
    }
    return canonical_policy({"Version": VERSION, "Statement": [statement]})


def from_trust(provider: str, document: Wire) -> Trusted | None:
    """Read whom a role trusts: the inverse of `to_trust`; None for anybody else."""
    found = canonical_policy(document)
    try:
        (statement,) = found["Statement"]
        (subject,) = statement["Condition"]["StringLike"].values()
        _, *parts, _ = subject.split(":")
        told = dict(zip(parts[::2], parts[1::2], strict=True))
        trusted = Trusted(
            told["workspace_id"], told["environment_name"], told.get("app_name")
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
    return trusted if to_trust(provider, trusted) == found else None


def provider_arn(role_arn: str) -> str:
    """Return the ARN that Modal's provider has in the account of a role."""
    return f"{role_arn.partition(':role/')[0]}:oidc-provider/{_AUDIENCE}"


def provider_there(api: S3Api, arn: str) -> bool:
    """Tell whether the account has the provider, and it takes tokens for AWS."""
    found = _provider(api, arn)
    return found is not None and _AUDIENCE in found["ClientIDList"]


def provide(api: S3Api) -> str:
    """See that the account has the provider, and return its ARN."""
    arn = _listed(api)
    if arn is None:
        try:
            made = api.call(
                "iam",
                "create_open_id_connect_provider",
                Url=_ISSUER,
                ClientIDList=[_AUDIENCE],
                Tags=[TAG],
            )
        except AlreadyExistsError:
            # By this very call, whose answer was lost, or by another run.
            arn = _listed(api)
            if arn is None:
                raise
        else:
            return str(made["OpenIDConnectProviderArn"])
    if not provider_there(api, arn):
        api.call(
            "iam",
            "add_client_id_to_open_id_connect_provider",
            OpenIDConnectProviderArn=arn,
            ClientID=_AUDIENCE,
        )
    return arn


def _listed(api: S3Api) -> str | None:
    listed = api.call("iam", "list_open_id_connect_providers")
    arns = (str(one["Arn"]) for one in listed["OpenIDConnectProviderList"])
    return next((arn for arn in arns if arn.endswith(f"/{_AUDIENCE}")), None)


def retire(api: S3Api, arn: str, role: str) -> None:
    """Delete the provider after the last role that trusts it, if we made it.

    Args:
        api: The account.
        arn: The provider's.
        role: The name of the role that was deleted just now, and may still be listed.
    """
    found = _provider(api, arn)
    if found is None or TAG not in found.get("Tags", ()):
        return
    for page in api.pages("iam", "list_roles"):
        for other in page["Roles"]:
            trusts = canonical_json(other["AssumeRolePolicyDocument"])
            if other["RoleName"] != role and arn in trusts:
                return
    api.call("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=arn)


def _provider(api: S3Api, arn: str) -> Wire | None:
    return api.look(
        "iam",
        "get_open_id_connect_provider",
        "NoSuchEntity",
        OpenIDConnectProviderArn=arn,
    )
