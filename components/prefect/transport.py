"""Retries below Prefect's client; imported only where a request is really made."""

from __future__ import annotations

import contextlib
import random
import time
from typing import TYPE_CHECKING, Final, cast

import httpx

from components.kernel import LostAnswerError

if TYPE_CHECKING:
    from prefect.client.base import PrefectHttpxSyncClient
    from prefect.client.orchestration import SyncPrefectClient

# A blip is over within these; what lasts longer is left to Prefect's own back-off,
# which begins at two seconds.
FIRST_RETRIES_SECONDS: Final = (0.1, 0.2, 0.4, 0.8)
_TRANSIENT: Final = frozenset({502, 503})
# A gateway says so of requests that have been carried out, too; and Prefect's client
# and we would send most of them again.
_GATEWAYS: Final = frozenset({408, 502, 503, 504})
# The request may have been carried out when one of these is raised.
_UNANSWERED: Final = (
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
    httpx.WriteError,
)


class BriefRetries(httpx.BaseTransport):
    """Send again at once what failed for a moment, if sending twice is harmless.

    A request with the extension `repeatable=False` is never sent again once it may
    have been carried out: not here, and not by the client above, which does not know
    the LostAnswerError raised for it.
    """

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, with a few quick retries."""
        for pause in FIRST_RETRIES_SECONDS:
            with contextlib.suppress(httpx.ConnectError, *_UNANSWERED):
                response = self._send(request)
                # Retry-After is the server's own advice, and the client heeds it.
                if (
                    response.status_code not in _TRANSIENT
                    or "Retry-After" in response.headers
                ):
                    return response
                response.close()
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
        return self._send(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        repeatable = request.extensions.get("repeatable", True)
        try:
            response = self._inner.handle_request(request)
        except _UNANSWERED as error:
            if repeatable:
                raise
            raise _lost(type(error).__name__) from None
        if repeatable or not _by_gateway(response):
            return response
        response.close()
        raise _lost(f"a gateway says {response.status_code}")


def _by_gateway(response: httpx.Response) -> bool:
    """Tell whether it is not Prefect itself that could not do it just now.

    A server that was refused by its database says 503 in JSON, and has done nothing.
    """
    json = response.headers.get("Content-Type", "").startswith("application/json")
    return response.status_code in _GATEWAYS and not json


def _lost(why: str) -> LostAnswerError:
    return LostAnswerError(
        f"Prefect did not answer ({why}), and may have done it; run again to find out"
    )


def prepare(client: SyncPrefectClient) -> None:
    """Make a fresh client fit for many threads and for blips.

    Quick retries go under its own TLS, proxy and pool settings: it takes a transport
    only instead of all of these. And it gets its CSRF token now, because a cold client
    that several threads share livelocks over its first one. Hence the private names.
    """
    inner = cast("PrefectHttpxSyncClient", client._client)  # noqa: SLF001
    inner._transport = BriefRetries(inner._transport)  # noqa: SLF001
    inner._mounts = {  # noqa: SLF001
        pattern: BriefRetries(transport) if transport else None
        for pattern, transport in inner._mounts.items()  # noqa: SLF001
    }
    inner._add_csrf_headers(inner.build_request("POST", "/"))  # noqa: SLF001
