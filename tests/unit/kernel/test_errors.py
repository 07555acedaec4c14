"""What is told of a failure: no secret, in no encoding."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    DataLossError,
    FlowgroundError,
    LostAnswerError,
    NameTakenError,
    NotFoundError,
    RefusedError,
    ServiceError,
    redact,
)
from components.kernel.errors import MAX_LENGTH, REDACTED, one_line, told

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": lambda s: json.dumps(s)[1:-1],
    "readable JSON": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "repr": lambda s: repr(s)[1:-1],
    "HTML": html.escape,
    "path": urllib.parse.quote,
    "path part": lambda s: urllib.parse.quote(s, safe=""),
    "form": urllib.parse.quote_plus,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "bare base64": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
    "URL base64": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "bare URL base64": lambda s: (
        base64.urlsafe_b64encode(s.encode()).decode().rstrip("=")
    ),
}

SECRETS = st.text(min_size=5, max_size=20)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@given(secret=SECRETS, others=st.lists(SECRETS, max_size=2))
def test_no_secret_survives(
    encode: Callable[[str], str], secret: str, others: list[str]
) -> None:
    """However a service's answer spells a secret, it is not shown."""
    written = encode(secret)
    # What stands for a secret, and what stands around it here, is no secret itself.
    assume(written not in REDACTED and not any(o in f"<<{written}>>" for o in others))
    told = redact(f"<<{written}>>", [secret, *others])
    assert written not in told
    assert told.startswith("<<" + REDACTED)


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_an_awkward_secret_is_blotted_out_and_nothing_else(
    encode: Callable[[str], str],
) -> None:
    """Quotes, spaces, slashes, line ends and non-ASCII change with the encoding."""
    secret = "a\"b'c d/é\n<&>+~\\ÿ?"
    told = redact(f"before {encode(secret)} after", [secret])
    assert told.rstrip("=").replace("= after", " after") in {
        f"before {REDACTED} after",
        f"before {REDACTED}= after",
    }


def test_base64_is_known_with_and_without_its_padding() -> None:
    """Tokens travel bare, in both alphabets; whole bodies are padded."""
    secret = "ÿþ?>~ÿ?"
    padded = base64.urlsafe_b64encode(secret.encode()).decode()
    assert {"_", "="} < set(padded)
    plain = base64.b64encode(secret.encode()).decode()
    for form in (padded, padded.rstrip("="), plain, plain.rstrip("=")):
        assert redact(f"x.{form}", [secret]).rstrip("=") == f"x.{REDACTED}"
    whole = "ÿ?>>W"  # so long that it needs no padding
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert redact(encode(whole.encode()).decode(), [whole]) == REDACTED


@given(st.text(), st.lists(st.text(max_size=4)))
def test_what_is_too_short_to_be_a_secret_is_left_alone(
    text: str, short: list[str]
) -> None:
    """Blotting out every 'a' would make a message unreadable and protect nothing."""
    assert redact(text, short) == text


def test_five_characters_are_a_secret() -> None:
    """The shortest string that is blotted out."""
    assert redact("12345 1234", ["1234", "12345"]) == f"{REDACTED} 1234"


def test_a_secret_inside_another_is_no_way_out() -> None:
    """The longer one goes as a whole, whatever the order."""
    for secrets in (["hunter2", "hunter2-long"], ["hunter2-long", "hunter2"]):
        assert redact("hunter2-long hunter2", secrets) == f"{REDACTED} {REDACTED}"


def test_what_stands_for_a_secret_is_not_blotted_out_again() -> None:
    """A secret that is the word 'secret' does not eat the marks of others."""
    told = redact("my password is secret", ["password", "secret"])
    assert told == f"my {REDACTED} is {REDACTED}"


def test_a_message_stays_in_its_lines() -> None:
    """What would move the cursor is written out; of what is long, the middle goes."""
    assert one_line("a\tb\x1b[2J\u202e'é'") == "a\\tb\\x1b[2J\\u202e'é'"
    assert one_line("C:\\x\n") == "C:\\x\\n"  # what is plain stays as it is
    assert one_line("x" * MAX_LENGTH) == "x" * MAX_LENGTH
    half = MAX_LENGTH // 2
    long = "a" * half + "b" + "c" * half
    assert one_line(long) == "a" * half + " … " + "c" * half
    assert told(ValueError(f"a\n{long}\n\rb")) == "\n".join(
        ["a", one_line(long), "\\rb"]
    )


def test_a_secret_that_is_no_text_goes_too() -> None:
    """Half a surrogate pair cannot be encoded, and is no reason to tell the rest."""
    assert redact("a \ud800bcdef", ["\ud800bcdef"]) == f"a {REDACTED}"


def test_every_occurrence_goes() -> None:
    """Not only the first."""
    assert redact("hunter2, hunter2", ["hunter2"]) == f"{REDACTED}, {REDACTED}"


def test_a_secret_is_taken_literally() -> None:
    """What a secret holds is text, even if it looks like a pattern."""
    assert redact("abcde a.c.e", ["a.c.e"]) == f"abcde {REDACTED}"


def test_the_hierarchy_is_what_the_docstring_draws() -> None:
    """What callers catch: refusals are ours, service errors are theirs."""
    for ours in (NameTakenError, DataLossError):
        assert issubclass(ours, RefusedError)
        assert not issubclass(ours, ServiceError)
    for theirs in (NotFoundError, AlreadyExistsError, AccessError, LostAnswerError):
        assert issubclass(theirs, ServiceError)
        assert not issubclass(theirs, RefusedError)
    for error in (ConfigurationError, RefusedError, ServiceError):
        assert issubclass(error, FlowgroundError)


def test_a_service_error_knows_its_status() -> None:
    """The HTTP status, or None where there was no answer."""
    assert NotFoundError("gone", status=404).status == 404
    assert LostAnswerError("silence").status is None
    assert str(NotFoundError("gone", status=404)) == "gone"
