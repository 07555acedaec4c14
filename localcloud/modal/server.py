"""The gRPC side: every method of `modal.client.ModalClient`, served or refused."""

from __future__ import annotations

import inspect
import logging
import socket
import urllib.parse
from typing import TYPE_CHECKING, Any

from google.protobuf import message_factory
from google.protobuf.message import Message
from grpclib import GRPCError, Status
from grpclib.const import Cardinality, Handler
from grpclib.encoding.proto import ProtoStatusDetailsCodec
from grpclib.server import Server
from modal_proto import api_pb2

from localcloud.modal import rpcs
from localcloud.modal.call import Call
from localcloud.modal.errors import unimplemented
from localcloud.modal.principal import authenticate
from localcloud.modal.registry import Access, Rpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import MethodDescriptor
    from grpclib.server import Stream

    from localcloud.modal.plane import Plane

log = logging.getLogger(__name__)

SERVICE = api_pb2.DESCRIPTOR.services_by_name["ModalClient"]
WARNING_HEADER = "x-modal-warning"
LOCAL = "This is a local Modal control plane: nothing here exists at modal.com."


class Service:
    """What grpclib asks for: a mapping of method paths to handlers."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._rpcs = rpcs.load()

    def __mapping__(self) -> dict[str, Handler]:
        """Return a handler for every method of the protocol."""
        return {
            f"/{SERVICE.full_name}/{method.name}": self._handler(method)
            for method in SERVICE.methods
        }

    def _handler(self, method: MethodDescriptor) -> Handler:
        reply_type = message_factory.GetMessageClass(method.output_type)
        served = self._rpcs.get(method.name) or _refused(method.name)

        async def handle(stream: Stream[Any, Any]) -> None:
            warnings = [LOCAL]
            try:
                await self._serve(served, stream, reply_type, warnings)
            except GRPCError as error:
                await _finish(stream, warnings, error)
            except Exception:
                log.exception("%s failed", method.name)
                msg = f"The local Modal control plane failed at {method.name}."
                await _finish(stream, warnings, GRPCError(Status.INTERNAL, msg))
            else:
                await _finish(stream, warnings)

        request_type = message_factory.GetMessageClass(method.input_type)
        return Handler(handle, _cardinality(method), request_type, reply_type)

    async def _serve(
        self,
        served: Rpc,
        stream: Stream[Any, Any],
        reply_type: type[Message],
        warnings: list[str],
    ) -> None:
        metadata: Mapping[str, str] = {
            key: value
            for key, value in (stream.metadata or {}).items()
            if isinstance(value, str)
        }
        store = self._plane.store
        request = await stream.recv_message()
        who = authenticate(store, metadata, served.access)
        if who.task_id:
            warnings.clear()  # it would only be noise in the function's own log
        call = Call(self._plane, served.name, who, metadata, warnings)
        handler = served.handler
        if inspect.isasyncgenfunction(handler):
            async for reply in handler(call, request):
                await stream.send_message(reply)
        elif inspect.isgeneratorfunction(handler):
            for reply in handler(call, request):
                await stream.send_message(reply)
        elif inspect.iscoroutinefunction(handler):
            await stream.send_message(await handler(call, request))
        else:
            await stream.send_message(
                call.once(reply_type, lambda: handler(call, request))
            )


def _refused(name: str) -> Rpc:
    def refuse(_call: Call, _request: Message) -> Message:
        msg = (
            f"The local Modal control plane does not cover {name}: "
            "docs/localcloud-modal.md lists what it does."
        )
        raise unimplemented(msg)

    return Rpc(name, refuse, Access.TOKEN)


def _cardinality(method: MethodDescriptor) -> Cardinality:
    if method.client_streaming:
        return (
            Cardinality.STREAM_STREAM
            if method.server_streaming
            else Cardinality.STREAM_UNARY
        )
    return (
        Cardinality.UNARY_STREAM if method.server_streaming else Cardinality.UNARY_UNARY
    )


async def _finish(
    stream: Stream[Any, Any], warnings: list[str], error: GRPCError | None = None
) -> None:
    await stream.send_trailing_metadata(
        status=error.status if error else Status.OK,
        status_message=error.message if error else None,
        status_details=error.details if error else None,
        metadata=[(WARNING_HEADER, urllib.parse.quote(text)) for text in warnings],
    )


async def serve(plane: Plane) -> tuple[Server, int]:
    """Listen on loopback; return the server and its port."""
    grpc = Server([Service(plane)], status_details_codec=ProtoStatusDetailsCodec())
    listener = socket.create_server(("127.0.0.1", plane.settings.port))
    # asyncio sets it only on sockets whose protocol is named: without it, every small
    # message waits 40 ms for the peer's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await grpc.start(sock=listener)
    return grpc, listener.getsockname()[1]
