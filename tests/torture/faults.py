"""What may go wrong between the program and a service, drawn from a seed.

The schedule draws per call, so a seed is reproducible as far as the calls come in the
same order; calls of one level of the stack run in parallel, and their order is theirs.
"""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

from grpclib import GRPCError, Status

from tests.support.grpc_proxy import GrpcProxy
from tests.support.proxy import HOP_BY_HOP

if TYPE_CHECKING:
    from collections.abc import Callable


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        name: What the report calls it.
        status: The HTTP status that is answered; 0 for none.
        acted: Whether the service has acted before it goes wrong.
        retry_after: The header of that name.
        cut: How much of the true answer is sent, before the connection ends.
        seconds: How long the answer takes.
    """

    name: str
    status: int = 0
    acted: bool = False
    retry_after: str | None = None
    cut: float | None = None
    seconds: float = 0


FAULTS: Final = (
    Fault("429", 429),
    Fault("429 with Retry-After", 429, retry_after="0"),
    *(Fault(f"{status} before", status) for status in (500, 502, 503, 504)),
    *(Fault(f"{status} after", status, acted=True) for status in (500, 502, 503, 504)),
    Fault("503 with Retry-After", 503, retry_after="0"),
    Fault("reset before"),
    Fault("reset after", acted=True),
    Fault("half an answer", acted=True, cut=0.5),
    Fault("slow", acted=True, cut=1, seconds=0.3),
    Fault("expired credential", 401),
    Fault("permission taken away", 403),
)
_RPC: Final = {
    429: Status.RESOURCE_EXHAUSTED,
    500: Status.INTERNAL,
    502: Status.UNKNOWN,
    503: Status.UNAVAILABLE,
    504: Status.DEADLINE_EXCEEDED,
    401: Status.UNAUTHENTICATED,
    403: Status.PERMISSION_DENIED,
}


class Schedule:
    """When what goes wrong, for one seed.

    Attributes:
        drawn: How often each fault came.
    """

    def __init__(self, seed: int, rate: float, kill_after: int | None = None) -> None:
        """Make a schedule that is quiet until it is `on`.

        Args:
            seed: What it is drawn from.
            rate: How likely each call is to fail.
            kill_after: The call at which `on_kill` is called.
        """
        self.on = False
        self.drawn: Counter[str] = Counter()
        self.calls = 0
        self.on_kill: Callable[[], None] | None = None
        self._kill_after = kill_after
        self._random = random.Random(seed)  # noqa: S311  # no secret
        self._rate = rate
        self._lock = threading.Lock()

    def draw(self) -> Fault | None:
        """Say what happens to the next call."""
        with self._lock:
            self.calls += 1
            if not self.on:
                return None
            if self._kill_after is not None and self.on_kill is not None:
                self._kill_after -= 1
                if self._kill_after <= 0:
                    kill, self.on_kill = self.on_kill, None
                    self.drawn["kill"] += 1
                    threading.Thread(target=kill).start()
                    # What was sent before the process died is carried out or not.
                    acted = self._random.random() < 0.5
                    return Fault("killed", acted=acted)
            if self._random.random() >= self._rate:
                return None
            fault = self._random.choice(FAULTS)
            self.drawn[fault.name] += 1
            return fault


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Keep the report to the report: clients that are killed hang up."""


class FaultyProxy:
    """Forward HTTP calls to one service, except as the schedule says."""

    def __init__(self, upstream: str) -> None:
        self.schedule = Schedule(0, 0)
        parts = urlsplit(upstream)
        handler = _handler(self, parts.hostname or "", parts.port or 80)
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(  # noqa: C901  # http.server wants a class of its own
    proxy: FaultyProxy, host: str, port: int
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.schedule.draw()
            answer: tuple[int, list[tuple[str, str]], bytes] | None = None
            if fault is None or fault.acted:
                answer = self._ask(body)
            if fault is None or fault.cut is not None:
                assert answer is not None
                time.sleep(fault.seconds if fault else 0)
                self._send(*answer, cut=1 if fault is None else fault.cut or 0)
            elif fault.status:
                headers = [("Content-Type", "application/json")]
                if fault.retry_after is not None:
                    headers.append(("Retry-After", fault.retry_after))
                text = b'{"detail": "A fault of the test.", "message": "A fault."}'
                self._send(fault.status, headers, text)
            else:
                self.close_connection = True

        def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            upstream = http.client.HTTPConnection(host, port, timeout=60)
            with contextlib.closing(upstream):
                headers = {
                    k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP
                }
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                return answer.status, answer.getheaders(), answer.read()

        def _send(
            self,
            status: int,
            headers: list[tuple[str, str]],
            body: bytes,
            cut: float = 1,
        ) -> None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(status)
                for key, value in headers:
                    if key.lower() not in HOP_BY_HOP:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: int(len(body) * cut)])
            if cut < 1:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _forward  # noqa: N815  # http.server's names

        def log_message(self, *_: Any) -> None:
            """Keep the report to the report."""

    return Handler


class FaultyGrpcProxy(GrpcProxy):
    """Forward gRPC calls to one control plane, except as the schedule says."""

    def __init__(self, upstream: str) -> None:
        self.schedule = Schedule(0, 0)
        super().__init__(upstream)

    def refusal(self, method: str) -> GRPCError | None:
        """Say with what a call is refused before it is forwarded."""
        del method
        fault = self.schedule.draw()
        if fault is None:
            return None
        if fault.acted:
            if fault.cut != 1:
                self.lose_one_answer(lambda _: True)
            return None
        return GRPCError(_RPC.get(fault.status, Status.UNAVAILABLE), "A test's fault.")
