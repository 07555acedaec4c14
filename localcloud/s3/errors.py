"""AWS's errors, each in the form that its service's clients read.

S3 answers one XML document, IAM and STS another, KMS JSON; and each has its own names
for the same refusals.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Literal
from uuid import uuid4
from xml.sax.saxutils import escape

from localcloud.s3.http import Answer

Service = Literal["s3", "iam", "sts", "kms"]
SERVICES: tuple[Service, ...] = ("s3", "iam", "sts", "kms")

_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


class AwsError(Exception):
    """A refusal with AWS's code and status."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Refusal(Enum):
    """Why a caller is turned away; the values are S3's codes."""

    NO_SUCH_KEY_ID = "InvalidAccessKeyId"
    WRONG_SIGNATURE = "SignatureDoesNotMatch"
    WRONG_CLOCK = "RequestTimeTooSkewed"
    WRONG_TOKEN = "InvalidToken"  # noqa: S105  a code of AWS's
    EXPIRED_TOKEN = "ExpiredToken"  # noqa: S105  a code of AWS's
    DENIED = "AccessDenied"


_BY_QUERY = {
    Refusal.NO_SUCH_KEY_ID: "InvalidClientTokenId",
    Refusal.WRONG_CLOCK: "SignatureDoesNotMatch",
    Refusal.WRONG_TOKEN: "InvalidClientTokenId",
}
_BY_JSON = {
    Refusal.NO_SUCH_KEY_ID: "UnrecognizedClientException",
    Refusal.WRONG_SIGNATURE: "InvalidSignatureException",
    Refusal.WRONG_CLOCK: "InvalidSignatureException",
    Refusal.WRONG_TOKEN: "UnrecognizedClientException",
    Refusal.EXPIRED_TOKEN: "ExpiredTokenException",
    Refusal.DENIED: "AccessDeniedException",
}


def refuse(service: Service, refusal: Refusal, message: str) -> AwsError:
    """Make a refusal in a service's own words."""
    names = {"iam": _BY_QUERY, "sts": _BY_QUERY, "kms": _BY_JSON}.get(service, {})
    tokens = (Refusal.WRONG_TOKEN, Refusal.EXPIRED_TOKEN)
    status = 400 if service == "kms" or refusal in tokens else 403
    return AwsError(names.get(refusal, refusal.value), message, status)


def answer(error: AwsError, service: Service, *, is_head: bool = False) -> Answer:
    """Put an error into the form of its service."""
    request_id = uuid4().hex
    code, message = escape(error.code), escape(error.message)
    content_type = "application/xml"
    if service == "kms":
        content_type = "application/x-amz-json-1.1"
        text = json.dumps({"__type": error.code, "message": error.message})
    elif service == "s3":
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{message}</Message>"
            f"<RequestId>{request_id}</RequestId></Error>"
        )
    else:
        kind = "Receiver" if error.status >= 500 else "Sender"
        text = (
            f'<ErrorResponse xmlns="{_NAMESPACES[service]}">'
            f"<Error><Type>{kind}</Type><Code>{code}</Code>"
            f"<Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    headers = [("Content-Type", content_type), ("x-amz-request-id", request_id)]
    return Answer(error.status, headers, b"" if is_head else text.encode())
