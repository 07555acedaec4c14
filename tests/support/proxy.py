"""A recording HTTP proxy between flowground and a service.

It counts what is really sent, and can lose an answer after the service has acted:
the one failure that a client cannot tell from "nothing happened".
"""

from __future__ import annotations

import contextlib
import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}
_POLL_SECONDS = 0.05
# POST is also how Prefect reads: these calls change nothing.
READING_POSTS = ("/filter", "/count", "/paginate")


class Call(NamedTuple):
    """One request that reached the service."""

    method: str
    path: str
    status: int

    @property
    def writes(self) -> bool:
        """Tell whether it could change anything."""
        if self.method == "POST":
            return not self.path.endswith(READING_POSTS)
        return self.method not in {"GET", "HEAD"}


class Request(NamedTuple):
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path


class Answer(NamedTuple):
    """One answer, and how much of its body is sent before the connection ends."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent: float = 1


GATEWAY: Final = Answer(
    502, (("Content-Type", "text/html"),), b"<html><h1>502 Bad Gateway</h1></html>"
)


class Proxy:
    """Forward everything to one upstream, and remember it."""

    def __init__(self, upstream: str) -> None:
        self.calls: list[Call] = []
        self._lose: Callable[[Call], bool] | None = None
        self._by_gateway = False
        self.port = 0
        self.lead_to(upstream)
        self.listen()
        self.url = f"http://127.0.0.1:{self.port}"

    def lead_to(self, upstream: str) -> None:
        """Forward to this URL from now on."""
        self._upstream = urlsplit(upstream)

    def listen(self) -> None:
        """Begin to listen, again on the same port."""
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._thread.start()

    def answer(self, request: Request) -> Answer | None:
        """Answer a request; None to hang up instead."""
        answer = self.forward(request)
        call = self.call(request.method, request.path, request.body, answer.status)
        if not self.loses(call):
            return answer
        return GATEWAY if self._by_gateway else None

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the upstream."""
        host, port = self._upstream.hostname or "", self._upstream.port or 80
        return http.client.HTTPConnection(host, port, timeout=60)

    def forward(self, request: Request) -> Answer:
        """Have the upstream answer a request."""
        with contextlib.closing(self.connection()) as upstream:
            upstream.request(
                request.method, request.target, request.body, request.headers
            )
            answer = upstream.getresponse()
            return Answer(answer.status, tuple(answer.getheaders()), answer.read())

    def call(self, method: str, path: str, body: bytes, status: int) -> Call:
        """Say what a request was."""
        del body
        return Call(method, path, status)

    def close(self) -> None:
        """Stop listening, for a while or for good."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[Call]]:
        """Yield the calls made inside the block."""
        made: list[Call] = []
        start = len(self.calls)
        yield made
        made += self.calls[start:]

    def lose_one_answer(
        self, of: Callable[[Call], bool], *, by_gateway: bool = False
    ) -> None:
        """Lose the next answer to such a call, after the service has acted.

        Args:
            of: Tells such a call.
            by_gateway: Answer as a gateway does that gave up, instead of hanging up.
        """
        self._lose, self._by_gateway = of, by_gateway

    def loses(self, call: Call) -> bool:
        """Note a call; tell whether its answer is the one to lose."""
        self.calls.append(call)
        if self._lose is not None and self._lose(call):
            self._lose = None
            return True
        return False


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent on clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer goes out in two parts; the second must not wait for the
        # acknowledgement of the first, which takes 40 ms.
        disable_nagle_algorithm = True

        def _forward(self) -> None:
            headers = {
                k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP
            }
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = proxy.answer(Request(self.command, self.path, headers, body))
            if answer is None:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for key, value in answer.headers:
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: int(len(answer.body) * answer.sent)])
            if answer.sent < 1:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815  # http.server's names

        def log_message(self, *_: Any) -> None:
            """Keep the test's output to the test."""

    return Handler
