"""A recording HTTP proxy between flowground and a service.

It counts what is really sent, and can lose an answer after the service has acted:
the one failure that a client cannot tell from "nothing happened".
"""

from __future__ import annotations

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}
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


class Proxy:
    """Forward everything to one upstream, and remember it."""

    def __init__(self, upstream: str) -> None:
        self.calls: list[Call] = []
        self._lose: Callable[[Call], bool] | None = None
        self._upstream = urlsplit(upstream)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the upstream."""
        host, port = self._upstream.hostname or "", self._upstream.port or 80
        return http.client.HTTPConnection(host, port, timeout=60)

    def call(self, method: str, path: str, body: bytes, status: int) -> Call:
        """Say what a request was."""
        del body
        return Call(method, path, status)

    def close(self) -> None:
        """Stop listening."""
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

    def lose_one_answer(self, of: Callable[[Call], bool]) -> None:
        """Drop the connection instead of passing on the next answer to such a call."""
        self._lose = of

    def loses(self, call: Call) -> bool:
        """Note a call; tell whether its answer is the one to lose."""
        self.calls.append(call)
        if self._lose is not None and self._lose(call):
            self._lose = None
            return True
        return False


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            with contextlib.closing(proxy.connection()) as upstream:
                headers = {
                    k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP
                }
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                payload = answer.read()
            path = urlsplit(self.path).path
            if proxy.loses(proxy.call(self.command, path, body, answer.status)):
                self.close_connection = True
                return
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815  # http.server's names

        def log_message(self, *_: Any) -> None:
            """Keep the test's output to the test."""

    return Handler
