"""A recording gRPC proxy between flowground and a Modal control plane.

It counts what is really sent, and can lose an answer after the control plane has
acted, as `tests.support.proxy` does for HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from google.protobuf import message_factory
from grpclib import GRPCError
from grpclib.client import Channel, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Cardinality, Handler, Status
from grpclib.server import Server
from modal_proto import api_pb2

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    Ask = Callable[[], Awaitable[Sequence[Any]]]

SERVICE = api_pb2.DESCRIPTOR.services_by_name["ModalClient"]
READING = ("List", "ListFiles", "ListFiles2", "Get", "Info", "GetById", "GetRoles")
READING_ANYWAY = {"ClientHello", "WorkspaceNameLookup", "DictLen", "QueueLen"}


class Call(NamedTuple):
    """One request that reached the control plane."""

    method: str
    path: str
    status: int
    creates: bool

    @property
    def writes(self) -> bool:
        """Tell whether it could change anything."""
        if self.path.endswith("GetOrCreate"):
            return self.creates
        return not self.path.endswith(READING) and self.path not in READING_ANYWAY


class LostError(Exception):
    """A call is to be broken off unanswered."""


class GrpcProxy:
    """Forward every call to one control plane, and remember it."""

    def __init__(self, upstream: str) -> None:
        self.calls: list[Call] = []
        self._lose: Callable[[Call], bool] | None = None
        self._by_gateway = False
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._channel: Channel | None = None
        self.lead_to(upstream)
        self._run(self.listen())
        self.url = f"http://127.0.0.1:{self.port}"

    def lead_to(self, upstream: str) -> None:
        """Forward to this URL from now on."""
        self._run(self._connect(upstream))

    def close(self) -> None:
        """Stop listening."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

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
        """Lose the next answer to such a call, after the control plane has acted.

        Args:
            of: Tells such a call.
            by_gateway: Say that it is unavailable, instead of breaking off.
        """
        self._lose, self._by_gateway = of, by_gateway

    async def answer(self, method: str, request: Any, ask: Ask) -> Sequence[Any]:
        """Return the replies to a call.

        Raises:
            GRPCError: It is refused.
            LostError: It is not answered.
        """
        del method, request
        return await ask()

    def __mapping__(self) -> dict[str, Handler]:
        """Return a handler for every method, as grpclib asks for it."""
        return {
            f"/{SERVICE.full_name}/{method.name}": self._handler(method)
            for method in SERVICE.methods
            if not method.client_streaming
        }

    def _handler(self, method: Any) -> Handler:
        request_type = message_factory.GetMessageClass(method.input_type)
        reply_type = message_factory.GetMessageClass(method.output_type)
        streams = method.server_streaming

        async def handle(stream: Any) -> None:
            request = await stream.recv_message()
            kind = UnaryStreamMethod if streams else UnaryUnaryMethod
            upstream = kind(
                self._channel,
                f"/{SERVICE.full_name}/{method.name}",
                request_type,
                reply_type,
            )

            async def ask() -> Sequence[Any]:
                got = await upstream(request, metadata=stream.metadata)
                return got if streams else [got]

            status, replies, error = 0, (), None
            try:
                replies = await self.answer(method.name, request, ask)
            except GRPCError as failed:
                status, error = 500 + failed.status.value, failed
            except LostError:
                await stream.cancel()
                return
            creates = bool(getattr(request, "object_creation_type", 0))
            call = Call("rpc", method.name, status, creates)
            self.calls.append(call)
            if self._lose is not None and self._lose(call):
                self._lose = None
                if self._by_gateway:
                    raise GRPCError(Status.UNAVAILABLE, "upstream connect error")
                await stream.cancel()
                return
            if error is not None:
                raise error
            for reply in replies:
                await stream.send_message(reply)

        cardinality = Cardinality.UNARY_STREAM if streams else Cardinality.UNARY_UNARY
        return Handler(handle, cardinality, request_type, reply_type)

    async def listen(self) -> None:
        """Begin to listen, again on the same port."""
        self._server = Server([self])
        await self._server.start("127.0.0.1", self.port)
        assert self._server._server is not None
        self.port = self._server._server.sockets[0].getsockname()[1]

    async def hush(self) -> None:
        """Stop listening, for a while or for good, and break off what runs."""
        self._server.close()
        await self._server.wait_closed()

    async def _connect(self, upstream: str) -> None:
        if self._channel is not None:
            self._channel.close()
        parts = urlsplit(upstream)
        self._channel = Channel(parts.hostname or "", parts.port or 80)

    async def _end(self) -> None:
        await self.hush()
        assert self._channel is not None
        self._channel.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)
