"""boto3's exceptions as ours: one sentence each, free of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    LostAnswerError,
    NotFoundError,
    ServiceError,
    redact,
)

if TYPE_CHECKING:
    from .session import Account

_THERE: Final = frozenset(
    {"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "EntityAlreadyExists"}
)
_WHO: Final = frozenset(
    {
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
_ELSEWHERE: Final = frozenset(
    {
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
    }
)


def unreachable(url: str) -> ServiceError:
    """Say that nobody answers there."""
    return ServiceError(
        f"AWS at {url} cannot be reached; check AWS_ENDPOINT_URL, AWS_REGION and the "
        "network"
    )


def code_of(error: Exception) -> str:
    """Return AWS's own code of an error; empty for what AWS did not say."""
    answer: Any = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return ""
    return str(answer.get("Error", {}).get("Code", ""))


def ours_of(error: Exception, account: Account) -> Exception:
    """Return what to raise in place of an exception; itself if it is not boto3's."""
    # Where one of these is raised, boto3 is there already.
    from boto3.exceptions import Boto3Error  # noqa: PLC0415
    from botocore import exceptions as theirs  # noqa: PLC0415
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    ours = error
    match error:
        case theirs.ClientError():
            ours = _refusal(error, account)
        case theirs.EndpointConnectionError() | theirs.ConnectTimeoutError():
            ours = unreachable(str(error.kwargs.get("endpoint_url", "its address")))
        case theirs.SSLError():
            ours = ServiceError(
                "AWS's certificate cannot be verified; set AWS_CA_BUNDLE to the file "
                "of the authority that issued it"
            )
        case theirs.HTTPClientError() | ResponseParserError():
            ours = LostAnswerError(
                f"AWS did not answer ({type(error).__name__}), and may have done it; "
                "run again to find out"
            )
        case theirs.NoCredentialsError() | theirs.PartialCredentialsError():
            ours = ConfigurationError(
                "no AWS credential is configured; set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        case theirs.NoRegionError():
            ours = ConfigurationError("no AWS region is configured; set AWS_REGION")
        case theirs.ProfileNotFound():
            ours = ConfigurationError(
                f"there is no AWS profile '{error.kwargs.get('profile')}'; correct "
                "AWS_PROFILE, or add it by `aws configure`"
            )
        case theirs.BotoCoreError() | Boto3Error():
            said = redact(str(error).partition("\n")[0].rstrip(". "), _secrets(account))
            ours = ServiceError(f"boto3 says: {said}")
    return ours


def _secrets(account: Account) -> list[str]:
    return [secret for secret in (account.secret, account.token) if secret]


def _refusal(error: Any, account: Account) -> ServiceError:
    """Turn AWS's answer into ours, keeping only what explains it."""
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = code_of(error)
    message = str(answer.get("Error", {}).get("Message", "")).rstrip(". ")
    # To a HEAD, S3 answers with nothing but a status.
    reason = code if message in {"", code} else f"{code}: {message}"
    said = redact(f"AWS says {reason or status}", _secrets(account))
    kind: type[ServiceError] = ServiceError
    if code in _THERE:
        kind = AlreadyExistsError
        if code == "BucketAlreadyExists":
            said += "; it is another account's, so choose another name"
    elif code in _WHO:
        kind = AccessError
        said += "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a valid key"
    elif code in _ELSEWHERE:
        said += "; set AWS_REGION, or the bucket's region, to where it is"
    elif status in {401, 403}:
        kind = AccessError
        said += "; give the credential a policy that allows it"
    elif status == 404:
        kind = NotFoundError
    return kind(said, status=status)
