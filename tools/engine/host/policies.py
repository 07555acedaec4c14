"""A stand-in for a policy pack that has not started yet.

A pack reads the stack's name and configuration from its environment, but the engine
tells them only to a running pack (`ConfigureStack`). So the engine first talks to this
server, which takes the configuration, and later hands every call, unread, to the pack.

Source: `pulumirpc.Analyzer` in Pulumi's `proto/pulumi/analyzer.proto`.
"""

from __future__ import annotations

import threading
from concurrent import futures
from typing import TYPE_CHECKING, Any, Self

import grpc  # type: ignore[import-untyped]  # grpc ships none
from pulumi.runtime.proto import analyzer_pb2

from .limits import MESSAGE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from .children import Stream

# How often a wait looks whether the engine is still there.
_LOOK_SECONDS = 0.5


class PolicyProxy(grpc.GenericRpcHandler):  # type: ignore[misc]  # as above
    """Serve the Analyzer service on a port of its own, on behalf of a pack."""

    def __init__(self) -> None:
        self._configured = threading.Event()
        self._ready = threading.Event()
        self._stack: Any = None
        self._channel: Any = None
        self._failure = ""
        self._server = grpc.server(
            futures.ThreadPoolExecutor(), options=MESSAGE_OPTIONS
        )
        self._server.add_generic_rpc_handlers((self,))
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.fail("the policy pack has ended")
        self._server.stop(grace=None)
        if self._channel:
            self._channel.close()

    def configuration(self, context: Any) -> Any:
        """Wait for the stack's configuration.

        None when the engine has none to give (`pulumi policy publish` asks at once for
        the pack's description), or has gone.
        """
        while not self._configured.wait(_LOOK_SECONDS):
            if not context.is_active():
                return None
        return self._stack

    def without_port(
        self, chunks: Iterable[tuple[Stream, bytes]]
    ) -> Iterator[tuple[Stream, bytes]]:
        """Pass the pack's output on, but for the line that is the port to attach to.

        What a pack prints while it loads comes before that line.
        """
        attached, text = False, b""
        for name, chunk in chunks:
            if name == "stderr" or attached:
                yield name, chunk
                continue
            text += chunk
            while not attached and b"\n" in text:
                line, _, text = text.partition(b"\n")
                attached = line.strip().isdigit()
                if attached:
                    self._attach(int(line))
                else:
                    yield name, line + b"\n"
            if attached and text:
                yield name, text
        if not attached and text:
            yield "stdout", text

    def _attach(self, port: int) -> None:
        """Connect to the pack and pass on the configuration that it has missed."""
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=MESSAGE_OPTIONS)
        if self._stack is not None:
            configure = channel.unary_unary(
                "/pulumirpc.Analyzer/ConfigureStack",
                request_serializer=analyzer_pb2.AnalyzerStackConfigureRequest.SerializeToString,
            )
            try:
                configure(self._stack, wait_for_ready=True)
            except grpc.RpcError as error:
                # Packs of before 2025 know their stack by the environment alone.
                if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                    self.fail(f"the policy pack refused its stack: {error.details()}")
        self._channel = channel
        self._ready.set()

    def fail(self, reason: str) -> None:
        """Answer whoever waits for the pack, now or later, with an error."""
        if not self._ready.is_set():
            self._failure = reason
            self._ready.set()

    def service(self, details: Any) -> Any:
        """Choose the handler of a call; grpc asks this for each one."""
        name = details.method.rsplit("/", 1)[-1]
        own = {"Handshake": self._handshake, "ConfigureStack": self._configure_stack}
        if name in own:
            return grpc.unary_unary_rpc_method_handler(own[name])
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._forward(details.method, request, context)
        )

    def _handshake(self, _request: bytes, _context: Any) -> bytes:
        return bytes(analyzer_pb2.AnalyzerHandshakeResponse().SerializeToString())

    def _configure_stack(self, request: bytes, _context: Any) -> bytes:
        message = analyzer_pb2.AnalyzerStackConfigureRequest
        self._stack = message.FromString(request)
        self._configured.set()
        return bytes(analyzer_pb2.AnalyzerStackConfigureResponse().SerializeToString())

    def _forward(self, method: str, request: bytes, context: Any) -> bytes:
        self._configured.set()
        while not self._ready.wait(_LOOK_SECONDS):
            if not context.is_active():
                break
        if self._failure or self._channel is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, self._failure)
        try:
            return bytes(self._channel.unary_unary(method)(request))
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())
            raise
