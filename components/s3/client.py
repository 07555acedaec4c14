"""The connection to AWS: one session per credential, shared by all threads.

It stands on boto3, whose clients bring signing, retries of what was throttled or lost,
redirects to a bucket's region, and AWS's own ways to find credentials (SSO, web
identity, instance roles…). Ours are the `errors`, patience with AWS's own locks and
delays, and the quick answer where nothing listens.

Settings, each from the environment first and from the stack's config second:

- AWS_REGION (or AWS_DEFAULT_REGION), `awsRegion`.
- AWS_ENDPOINT_URL (or one service's, as AWS_ENDPOINT_URL_S3), `awsEndpointUrl`: another
  service than AWS's own.
- AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE;
  `awsAccessKeyId`, `awsSecretAccessKey` and `awsSessionToken`, or `awsProfile`. A
  credential comes whole from one of the two. With neither, AWS's own ways are tried.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ServiceError

from .errors import code_of, ours_of
from .session import Account, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from components.kernel import Config, Wire

SETTINGS: Final = (
    "awsRegion",
    "awsEndpointUrl",
    "awsAccessKeyId",
    "awsSecretAccessKey",
    "awsSessionToken",
    "awsProfile",
)
# What says that somebody else's change to the same object is not through yet: AWS's
# own retries pass over these 409s.
BUSY: Final = frozenset(
    {
        "OperationAborted",
        "ConditionalRequestConflict",
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
    }
)
# A bucket's name is locked for longer after it was deleted, but who waits for that?
PATIENCE_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 3.0


class S3Api:
    """AWS as one credential sees it, bound to the one object that is dealt with.

    Attributes:
        place: Which object: `bucket/NAME`, `user/NAME`… Nothing in AWS lists objects
            with all that is to know of them, so each is a place of its own.
        region: The region to make buckets in; the credential's own if None.
    """

    def __init__(
        self,
        session: Session,
        place: str,
        region: str | None,
        not_yet: Collection[str] = (),
    ) -> None:
        self._session = session
        self.place = place
        self.region = region
        self._wait_out = BUSY.union(not_yet)

    @property
    def scope(self) -> tuple[str, str, str]:
        """Return what tells this place from others."""
        account = self._session.account
        who = account.key_id or account.profile or ""
        return account.endpoint_url or "", who, self.place

    def client(self, service: str = "s3", *, once: bool = False) -> Any:
        """Return boto3's client of a service, for calls inside `telling`.

        Args:
            service: `s3`, `iam`, `sts`…
            once: Never send anything twice, for what would be done twice.
        """
        return self._session.client(service, self.region, once=once)

    @property
    def partition(self) -> str:
        """The part of the world that ARNs begin with: such as `aws`."""
        with self.telling():
            return str(self.client().meta.partition)

    def telling(self) -> _Telling:
        """Return the block in which boto3's exceptions become ours."""
        return _Telling(self._session.account)

    def awaiting(self, *codes: str) -> S3Api:
        """Return the same, for calls about what was made a moment ago.

        Args:
            *codes: The error codes by which AWS says that it has not heard of it yet;
                such calls are repeated for a while.
        """
        return S3Api(self._session, self.place, self.region, codes)

    def acting_as(self, key_id: str, secret: str) -> S3Api:
        """Return the same as another key sees it."""
        account = self._session.account._replace(
            key_id=key_id, secret=secret, token=None, profile=None
        )
        return S3Api(Session(account), self.place, self.region)

    def call(
        self, service: str, operation: str, *, once: bool = False, **parameters: Any
    ) -> Wire:
        """Make one call and return its answer.

        Args:
            service: `s3`, `iam`, `sts`…
            operation: boto3's name of the call.
            once: Never send it twice.
            **parameters: As AWS spells them; those that are None are not sent.

        Raises:
            NotFoundError: What it names is not there.
            AlreadyExistsError: What it would make is there.
            LostAnswerError: It was never answered.
        """
        given = {k: v for k, v in parameters.items() if v is not None}
        with self.telling():
            method = getattr(self.client(service, once=once), operation)
            answer: Wire = self._patiently(lambda: method(**given))
            return answer

    def look(
        self, service: str, operation: str, *absent: str, **parameters: Any
    ) -> Wire | None:
        """Make one call that reads; None where AWS answers with one of some codes.

        Args:
            service: As for `call`.
            operation: As for `call`.
            *absent: The error codes that say that there is none.
            **parameters: As for `call`.
        """
        with self.telling():
            method = getattr(self.client(service), operation)
            try:
                found: Wire = self._patiently(lambda: method(**parameters))
            except Exception as error:
                if code_of(error) in absent:
                    return None
                raise
            return found

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[Wire]:
        """Yield the answers to a list call, page by page.

        Args:
            service: As for `call`.
            operation: As for `call`.
            **parameters: As for `call`.
        """
        given = {k: v for k, v in parameters.items() if v is not None}
        with self.telling():
            pager = self.client(service).get_paginator(operation)
            answers = iter(pager.paginate(**given))
        while True:
            with self.telling():
                page = next(answers, None)
            if page is None:
                return
            yield page

    def _patiently(self, call: Callable[[], Any]) -> Any:
        return patiently(call, self._wait_out, PATIENCE_SECONDS)


class _Telling:
    """Turns boto3's exceptions into ours, free of the credential's secrets."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _tb: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, ServiceError):
            ours = ours_of(error, self._account)
            if ours is not error:
                raise ours from None


def patiently(call: Callable[[], Any], codes: Collection[str], seconds: float) -> Any:
    """Repeat a call for as long as AWS says that it is not ready for it."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return call()
        except Exception as error:
            if code_of(error) not in codes or time.monotonic() + pause > deadline:
                raise
        # Apart from each other: those that collided once would else do it again.
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


_sessions: dict[Account, Session] = {}
_connecting = threading.Lock()


def connect(config: Config, place: str, region: str | None = None) -> S3Api:
    """Return the API of a place; nothing is looked up or sent yet.

    Args:
        config: The stack's settings for AWS.
        place: What is dealt with, such as `bucket/NAME`.
        region: The region to make buckets in.
    """
    account = Account.of(config)
    with _connecting:
        session = _sessions.setdefault(account, Session(account))
    return S3Api(session, place, region)
