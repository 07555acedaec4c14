"""What can go wrong between a kind and its service, and how it is told.

    FlowgroundError
    ├── ConfigurationError      an endpoint or a credential is missing or malformed
    ├── RefusedError            flowground itself will not do it
    │   ├── NameTakenError      the name belongs to something we did not make
    │   └── DataLossError       deleting it would destroy data nobody gave up
    └── ServiceError            the service said no, or said nothing
        ├── NotFoundError       the object is not there (or not visible to this key)
        ├── AlreadyExistsError  a unique name is taken
        ├── AccessError         the credential is refused, or may not do this
        └── LostAnswerError     sent, but unanswered: it may have been carried out

Every message is one sentence for the person at the terminal: which object, what
is wrong, and the way out.
"""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

REDACTED = "[secret]"
# Shorter strings occur by chance inside words and numbers; blotting them out would
# make a message unreadable and protect nothing.
MIN_REDACTED_LENGTH = 5
# A sentence that is longer only echoes what it was given.
MAX_LENGTH = 600


class FlowgroundError(Exception):
    """Any failure that is told to the user as one sentence."""


class ConfigurationError(FlowgroundError):
    """An endpoint or a credential is missing or malformed."""


class RefusedError(FlowgroundError):
    """Flowground will not do what was asked; nothing was changed."""


class NameTakenError(RefusedError):
    """The name belongs to an object that is not what the stack would have made."""


class DataLossError(RefusedError):
    """The deletion would destroy data that nobody has given up explicitly."""


class ServiceError(FlowgroundError):
    """The service answered with an error, or did not answer.

    Attributes:
        status: The HTTP status, or None where there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NotFoundError(ServiceError):
    """The object does not exist, or this credential may not see it."""


class AlreadyExistsError(ServiceError):
    """The service refused to create a second object of this name."""


class AccessError(ServiceError):
    """The credential is unknown, expired, or not allowed to do this."""


class LostAnswerError(ServiceError):
    """The request was sent but never answered, so it may have been carried out."""


def one_line(text: str) -> str:
    """Write a text so that a terminal shows it in one line, and whole lines of it.

    What would break the line, move the cursor or hide the rest is written as Python
    writes it; of a very long text the middle is left out, because its end says what
    to do.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    if len(text) > MAX_LENGTH:
        text = f"{text[: MAX_LENGTH // 2]} … {text[-MAX_LENGTH // 2 :]}"
    return text


def told(error: BaseException) -> str:
    """Write an error's message for a terminal: the lines that it was given, each whole.

    For where an error is shown at last: what is left out here cannot be redacted.
    """
    return "\n".join(map(one_line, str(error).split("\n")))


def redact(text: str, secrets: Iterable[str]) -> str:
    """Blot out every secret in `text`, in the encodings error bodies use.

    Args:
        text: What a service said.
        secrets: Plaintext values that must not be shown.
    """
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) < MIN_REDACTED_LENGTH:
            continue
        raw = secret.encode(errors="replace")
        forms |= {
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            repr(secret)[1:-1],
            html.escape(secret),
            urllib.parse.quote(raw),
            urllib.parse.quote(raw, safe=""),
            urllib.parse.quote_plus(raw),
            base64.b64encode(raw).decode().rstrip("="),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
        }
    if not forms:
        return text
    # In one pass, as what stands for one secret may hold another; and in an order that
    # has a longer one before one that it begins with.
    longer_first = sorted(forms, reverse=True)
    return re.sub("|".join(map(re.escape, longer_first)), REDACTED, text)
