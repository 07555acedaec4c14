"""What the torture takes for stale, and for not seen yet: whom it may concern."""

from __future__ import annotations

import pytest

from tests.support.proxy import Answer, Request
from tests.torture.faults import AWS, GITHUB, PREFECT
from tests.torture.lag import Lag, ended_by, made_by, question_of, read_by

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAROOT/2026/iam, Signature=x"}
ENVIRONMENT = "/repos/o/r/environments/e"
MADE = Answer(200, (), b"<Key><AccessKeyId>AKIANEW</AccessKeyId></Key>")


def iam(action: str, **fields: str) -> Request:
    """Return a request to IAM, as root."""
    body = "&".join(f"{k}={v}" for k, v in {"Action": action, **fields}.items())
    return Request("POST", "/", SIGNED, body.encode())


def plain(method: str, target: str, body: bytes = b"") -> Request:
    """Return a request without a signature."""
    return Request(method, target, {}, body)


@pytest.mark.parametrize(
    ("line", "making", "answer", "reading"),
    [
        (AWS, iam("CreateUser", UserName="u"), MADE, iam("GetUser", UserName="u")),
        (
            AWS,
            iam("CreateAccessKey", UserName="u"),
            MADE,
            Request("GET", "/b", {"Authorization": "Credential=AKIANEW/x"}, b""),
        ),
        (AWS, plain("PUT", "/b"), MADE, plain("GET", "/b?versioning")),
        (
            GITHUB,
            plain("PUT", ENVIRONMENT),
            MADE,
            plain("GET", f"{ENVIRONMENT}/secrets/public-key"),
        ),
        (
            PREFECT,
            plain("POST", "/api/flows/"),
            Answer(201, (), b'{"id": "f-1"}'),
            plain("GET", "/api/flows/f-1"),
        ),
    ],
)
def test_what_was_made_is_not_seen_by_so_many_reads(
    line: str, making: Request, answer: Answer, reading: Request
) -> None:
    """By those that need it, and only after it was made for the first time."""
    lag = Lag()
    assert made_by(line, making, None)
    assert not made_by(line, making, answer._replace(status=409))
    lag.make(made_by(line, making, answer), unseen=2)
    assert not lag.hidden(read_by(line, plain("GET", "/another")))
    seen = [not lag.hidden(read_by(line, reading)) for _ in range(3)]
    assert seen == [False, False, True]
    lag.make(made_by(line, making, answer), unseen=2)
    assert not lag.hidden(read_by(line, reading))


def test_what_is_made_again_may_not_be_seen_again() -> None:
    """It went with what it was in."""
    lag = Lag()
    lag.make(f"{ENVIRONMENT}/secrets/S", unseen=0)
    lag.end(ended_by(GITHUB, plain("DELETE", ENVIRONMENT)))
    lag.make(f"{ENVIRONMENT}/secrets/S", unseen=1)
    assert lag.hidden(read_by(GITHUB, plain("GET", f"{ENVIRONMENT}/secrets/S")))


@pytest.mark.parametrize(
    ("line", "request_", "stale"),
    [
        (GITHUB, plain("GET", "/repos/o/r/environments?page=1"), True),
        (GITHUB, plain("PUT", ENVIRONMENT), False),
        (PREFECT, plain("POST", "/api/flows/filter", b"{}"), True),
        (PREFECT, plain("POST", "/api/flows/", b"{}"), False),
        (AWS, iam("ListAccessKeys", UserName="u"), True),
        (AWS, iam("DeleteUser", UserName="u"), False),
        (AWS, plain("GET", "/b?tagging"), True),
        (AWS, plain("GET", "/b?list-type=2"), False),
        (AWS, plain("GET", "/b/key"), False),
    ],
)
def test_only_lists_of_what_is_not_consistent_are_stale(
    line: str, request_: Request, stale: bool
) -> None:
    """Objects of S3 are; what is written is never answered from memory."""
    assert (question_of(line, request_) is not None) == stale


def test_a_list_is_stale_for_who_asks_the_same_within_a_command() -> None:
    """Another page, another key or another command is another question."""
    lag = Lag()
    first = question_of(GITHUB, plain("GET", "/repos/o/r/environments?page=1"))
    other = question_of(GITHUB, plain("GET", "/repos/o/r/environments?page=2"))
    lag.keep(first, MADE)
    assert lag.recall(first) == MADE
    assert lag.recall(other) is None
    lag.next_command()
    assert lag.recall(first) is None
