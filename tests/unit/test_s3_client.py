"""AWS's settings, its errors as ours, and the patience with its locks."""

from __future__ import annotations

import contextlib
import os
from typing import Any

import pytest
from botocore import exceptions as theirs
from botocore.parsers import ResponseParserError

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    LostAnswerError,
    NotFoundError,
    ServiceError,
)
from components.s3 import client
from components.s3.errors import ours_of
from components.s3.session import Account

SECRET = "canary/secret+of=key"
CONFIG = {
    "awsRegion": "eu-west-1",
    "awsEndpointUrl": "https://s3.config.test",
    "awsAccessKeyId": "AKIACONFIG",
    "awsSecretAccessKey": SECRET,
    "awsSessionToken": "canary-token",
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def refused(status: int, code: str, message: str = "") -> Exception:
    """Return AWS's answer to a call, as boto3 raises it."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return theirs.ClientError(answer, "PutBucketPolicy")


def test_the_environment_goes_before_the_config(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each setting is the environment's where it has one, else the config's."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    read = Account.of(CONFIG)
    assert read.region == "eu-north-1"
    assert read.endpoint_url == "https://s3.config.test"
    assert (read.key_id, read.secret) == ("AKIACONFIG", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert Account.of(CONFIG).region == "us-west-2"


def test_a_credential_is_never_mixed_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the config's credential nothing is left beside one of the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-env")
    read = Account.of(CONFIG)
    assert (read.key_id, read.secret, read.token) == ("AKIAENV", "of-env", None)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match="half an AWS credential"):
        Account.of(CONFIG)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "work")
    read = Account.of(CONFIG)
    assert (read.key_id, read.token, read.profile) == (None, None, "work")


@pytest.mark.parametrize(
    ("error", "kind", "way_out"),
    [
        (refused(404, "NoSuchBucket"), NotFoundError, "NoSuchBucket"),
        (refused(404, "404", "Not Found"), NotFoundError, "404"),
        (refused(403, "AccessDenied"), AccessError, "a policy that allows"),
        (refused(403, "403", "Forbidden"), AccessError, "a policy that allows"),
        (refused(403, "SignatureDoesNotMatch"), AccessError, "to a valid key"),
        (refused(409, "EntityAlreadyExists"), AlreadyExistsError, "AWS says"),
        (refused(409, "BucketAlreadyExists"), AlreadyExistsError, "another name"),
        (refused(301, "PermanentRedirect"), ServiceError, "AWS_REGION"),
        (refused(400, "MalformedXML"), ServiceError, "MalformedXML"),
        (theirs.NoCredentialsError(), ConfigurationError, "AWS_ACCESS_KEY_ID"),
        (theirs.NoRegionError(), ConfigurationError, "AWS_REGION"),
        (theirs.ProfileNotFound(profile="p"), ConfigurationError, "AWS_PROFILE"),
        (
            theirs.EndpointConnectionError(endpoint_url="https://gone.test"),
            ServiceError,
            "https://gone.test cannot be reached",
        ),
        (
            theirs.ReadTimeoutError(endpoint_url="https://slow.test"),
            LostAnswerError,
            "run again",
        ),
        (ResponseParserError("half an answer"), LostAnswerError, "run again"),
        (
            theirs.SSLError(endpoint_url="https://x.test", error="self-signed"),
            ServiceError,
            "AWS_CA_BUNDLE",
        ),
        (theirs.DataNotFoundError(data_path="x"), ServiceError, "boto3 says"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_error_is_one_of_ours_and_says_the_way_out(
    error: Exception, kind: type[Exception], way_out: str
) -> None:
    """Whatever boto3 raises, the kernel can tell it, and the user can act on it."""
    ours = ours_of(error, Account.of(CONFIG))
    assert type(ours) is kind
    assert way_out in str(ours)


def test_an_error_never_shows_the_credential() -> None:
    """What AWS echoes of a request may hold the key that signed it."""
    echo = f"signed with {SECRET} and canary-token"
    for error in (refused(403, "SignatureDoesNotMatch", echo), refused(400, "X", echo)):
        said = str(ours_of(error, Account.of(CONFIG)))
        assert SECRET not in said
        assert "canary-token" not in said


def test_a_bug_is_not_taken_for_an_error_of_the_service() -> None:
    """An exception that is not boto3's stays what it is."""
    with pytest.raises(KeyError), client.connect(CONFIG, "bucket/x").telling():
        raise KeyError("bug")


def test_a_locked_object_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 409 about somebody else's change is tried again; others are not."""
    pauses: list[float] = []
    monkeypatch.setattr(client.time, "sleep", pauses.append)
    answers = [refused(409, "OperationAborted"), refused(404, "NoSuchEntity"), None]

    def call() -> str:
        if error := answers.pop(0):
            raise error
        return "done"

    codes = {"OperationAborted", "NoSuchEntity"}
    assert client.patiently(call, codes, seconds=30) == "done"
    assert len(pauses) == 2
    answers[:] = [refused(409, "BucketNotEmpty")]
    with contextlib.suppress(theirs.ClientError):
        client.patiently(call, codes, seconds=30)
        pytest.fail("what is no lock was waited for")
    assert len(pauses) == 2


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that stays is told, in place of an update that never ends."""
    now = [0.0]
    monkeypatch.setattr(client.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(client.time, "sleep", lambda s: now.append(now.pop() + s))

    def call() -> None:
        raise refused(409, "OperationAborted")

    with pytest.raises(theirs.ClientError):
        client.patiently(call, {"OperationAborted"}, seconds=30)
    assert now[0] <= 30


def test_what_must_not_be_done_twice_is_sent_once() -> None:
    """A client for calls that mint something never repeats a request."""
    api = client.connect({**CONFIG, "awsEndpointUrl": None}, "user/x")
    again = api.client("iam").meta.config.retries
    once = api.client("iam", once=True).meta.config.retries
    assert again["total_max_attempts"] > 1
    assert once["total_max_attempts"] == 1
    assert api.client("iam") is api.client("iam")
