"""Call single RPCs of a control plane, with headers that the SDK would not send."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from google.protobuf.message import Message
from grpclib.client import Channel
from modal_proto import api_pb2
from modal_proto.api_grpc import ModalClientStub

from tests.support.modal_plane import TOKEN_ID, TOKEN_SECRET, RunningPlane

M = TypeVar("M", bound=Message)
SERVICE = api_pb2.DESCRIPTOR.services_by_name["ModalClient"]


def headers(
    token_id: str = TOKEN_ID, token_secret: str = TOKEN_SECRET, key: str = ""
) -> dict[str, str]:
    """Return the metadata of a client, with an idempotency key if one is given."""
    known = {"x-modal-token-id": token_id, "x-modal-token-secret": token_secret}
    return known | ({"x-idempotency-key": key} if key else {})


def call(
    plane: RunningPlane,
    method: str,
    request: Message,
    metadata: dict[str, str] | None = None,
) -> Any:
    """Send one request and return its reply; raises `grpclib.GRPCError`."""
    return asyncio.run(
        _call(plane, method, request, headers() if metadata is None else metadata)
    )


async def _call(
    plane: RunningPlane, method: str, request: Message, metadata: dict[str, str]
) -> Any:
    host, port = plane.grpc_url.removeprefix("http://").split(":")
    async with Channel(host, int(port)) as channel:
        return await getattr(ModalClientStub(channel), method)(
            request, metadata=metadata
        )


def trailers(plane: RunningPlane, method: str, request: Message) -> dict[str, str]:
    """Return the trailing metadata of a reply."""

    async def ask() -> dict[str, str]:
        host, port = plane.grpc_url.removeprefix("http://").split(":")
        async with Channel(host, int(port)) as channel:
            stub = getattr(ModalClientStub(channel), method)
            async with stub.open(metadata=headers()) as stream:
                await stream.send_message(request, end=True)
                await stream.recv_message()
                await stream.recv_trailing_metadata()
                return dict(stream.trailing_metadata)

    return asyncio.run(ask())
