"""What each service answers when it refuses, word for word as it is documented.

GitHub: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api,
S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
IAM: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. What fails
before it reaches a service is answered by a load balancer, with a page of HTML.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final
from urllib.parse import parse_qs

from grpclib import GRPCError, Status

from tests.support.proxy import Answer, Request
from tests.torture.faults import AWS, GITHUB, PREFECT

_REASONS: Final = {
    "500": "Internal Server Error",
    "502": "Bad Gateway",
    "503": "Service Unavailable",
    "504": "Gateway Timeout",
}
SKEW: Final = timedelta(minutes=20)

_S3: Final = {
    "limited": (503, "SlowDown", "Please reduce your request rate."),
    "500": (500, "InternalError", "We encountered an internal error."),
    "503": (503, "ServiceUnavailable", "Service is unable to handle request."),
    "expired": (400, "ExpiredToken", "The provided token has expired."),
    "revoked": (
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "forbidden": (403, "AccessDenied", "Access Denied"),
    "skewed": (
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    ),
    "unseen": (404, "NoSuchBucket", "The specified bucket does not exist"),
}
_IAM: Final = {
    "limited": (400, "Throttling", "Rate exceeded"),
    "500": (500, "ServiceFailure", "An internal error has occurred."),
    "503": (503, "ServiceUnavailable", "The request has failed: temporary failure."),
    "expired": (
        403,
        "ExpiredToken",
        "The security token included in the request is expired",
    ),
    "revoked": (
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    ),
    "forbidden": (403, "AccessDenied", "User is not authorized to perform this."),
    "skewed": (403, "SignatureDoesNotMatch", "Signature expired: it is too old."),
    "unseen": (404, "NoSuchEntity", "The user cannot be found."),
}
_GITHUB: Final = {
    "limited": (
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes.",
    ),
    "500": (500, "Server Error"),
    "503": (503, "Service unavailable"),
    "expired": (401, "Bad credentials"),
    "revoked": (401, "Bad credentials"),
    "forbidden": (403, "Resource not accessible by personal access token"),
    "unseen": (404, "Not Found"),
}
_PREFECT: Final = {
    "limited": (429, "Rate limit exceeded"),
    "500": (500, "Internal Server Error"),
    "503": (503, "Service Unavailable"),
    "expired": (401, "Invalid authentication credentials"),
    "revoked": (401, "Invalid authentication credentials"),
    "forbidden": (403, "Forbidden"),
    "unseen": (404, "Not Found"),
}
_MODAL: Final = {
    "limited": (Status.RESOURCE_EXHAUSTED, "Rate limit exceeded"),
    "500": (Status.INTERNAL, "Internal error"),
    "502": (Status.UNKNOWN, "Received http2 header with status: 502"),
    "503": (Status.UNAVAILABLE, "Service unavailable"),
    "504": (Status.DEADLINE_EXCEEDED, "Deadline exceeded"),
    "expired": (Status.UNAUTHENTICATED, "Token has expired"),
    "revoked": (Status.UNAUTHENTICATED, "Token ID is malformed or has been revoked"),
    "forbidden": (Status.PERMISSION_DENIED, "You do not have permission to do this"),
    "unseen": (Status.NOT_FOUND, "Object not found"),
}


def action_of(request: Request) -> str:
    """Return which of IAM's or STS's actions a request to AWS is; empty for S3's."""
    if request.method != "POST" or request.path != "/":
        return ""
    given = parse_qs(request.body.decode(errors="replace"))
    return given.get("Action", [""])[0]


def refusal(line: str, request: Request, says: str) -> Answer:
    """Return a service's answer to a request that it refuses.

    Args:
        line: The service.
        request: The request.
        says: Why, as `Fault.says`.
    """
    why, _, until = says.partition(" ")
    more = (("Retry-After", "0"),) if until else ()
    if why in {"502", "504"}:
        return _page(why)
    if line == AWS:
        answer = _of_aws(request, why)
    elif line == GITHUB:
        answer = _of_github(why)
    else:
        assert line == PREFECT
        status, detail = _PREFECT[why]
        answer = _json(status, {"detail": detail})
    return answer._replace(headers=(*answer.headers, *more))


def rpc_refusal(says: str) -> GRPCError:
    """Return Modal's answer to a call that it refuses."""
    return GRPCError(*_MODAL[says.partition(" ")[0]])


def late(answer: Answer) -> Answer:
    """Return an answer from a clock that is behind."""
    then = format_datetime(datetime.now(UTC) - SKEW, usegmt=True)
    kept = (header for header in answer.headers if header[0].lower() != "date")
    return answer._replace(headers=(*kept, ("Date", then)))


def _page(status: str) -> Answer:
    title = f"{status} {_REASONS[status]}"
    page = f"<html><head><title>{title}</title></head><h1>{title}</h1></html>"
    return Answer(int(status), (("Content-Type", "text/html"),), page.encode())


def _json(status: int, body: object, *headers: tuple[str, str]) -> Answer:
    kind = ("Content-Type", "application/json; charset=utf-8")
    return Answer(status, (kind, *headers), json.dumps(body).encode())


def _of_github(why: str) -> Answer:
    status, message = _GITHUB[why]
    body = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    headers = [("Date", format_datetime(datetime.now(UTC), usegmt=True))]
    if why == "forbidden":
        headers.append(("X-Accepted-GitHub-Permissions", "environments=write"))
    return _json(status, body, *headers)


def _of_aws(request: Request, why: str) -> Answer:
    now = datetime.now(UTC)
    if action_of(request):
        status, code, message = _IAM[why]
        text = (
            "<ErrorResponse><Error><Type>Sender</Type>"
            f"<Code>{code}</Code><Message>{message}</Message></Error>"
            "<RequestId>4442587F-B7D0-43A2-B2D5-000000000000</RequestId>"
            "</ErrorResponse>"
        )
    else:
        status, code, message = _S3[why]
        times = (
            f"<ServerTime>{now + SKEW:%Y-%m-%dT%H:%M:%SZ}</ServerTime>"
            if why == "skewed"
            else ""
        )
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{message}</Message>{times}"
            "<RequestId>4442587FB7D0A2F9</RequestId><HostId>none</HostId></Error>"
        )
    at = now + SKEW if why == "skewed" else now
    headers = (
        ("Content-Type", "application/xml"),
        ("Date", format_datetime(at, usegmt=True)),
    )
    return Answer(status, headers, text.encode())
