"""Calls by the `modal` SDK's client; imported only where one is really made."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies

from components.kernel import Wire
from components.kernel.endpoint import host_of

from .client import unreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

    from .client import Endpoint

# A control plane that is not there costs the SDK 57 seconds to notice.
PROBE_SECONDS: Final = 5.0
# No call of a kind takes as long: one that does has lost its connection.
ANSWER_SECONDS: Final = 60.0
_LOOPBACK: Final = {"localhost", "127.0.0.1"}


class Transport:
    """The SDK's client, open; its event loop is a thread of its own.

    Attributes:
        client: The SDK's `modal.Client`.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        hosts = [
            host_of(url.strip(), "MODAL_SERVER_URL", "https://api.modal.com")
            for url in endpoint.server_url.split(",")
        ]
        if all(host in _LOOPBACK for host, _ in hosts):
            # The SDK sends even loopback through HTTPS_PROXY, whatever NO_PROXY says.
            os.environ.setdefault("MODAL_DISABLE_API_PROXY", "1")
        if not _proxied():
            _probe(endpoint.server_url, hosts)

        import modal  # noqa: PLC0415  # after the variable that it reads
        from modal._utils.async_utils import synchronizer  # noqa: PLC0415
        from modal_proto import api_pb2  # noqa: PLC0415

        # They run in the SDK's own event loop, and block whichever thread calls.
        self._ask: Any = synchronizer.create_blocking(_ask)
        self._ask_for_parts: Any = synchronizer.create_blocking(_ask_for_parts)

        self._methods = api_pb2.DESCRIPTOR.services_by_name["ModalClient"]
        client = modal.Client(
            endpoint.server_url,
            api_pb2.CLIENT_TYPE_CLIENT,
            (endpoint.token_id, endpoint.token_secret),
        )
        self.client: Any = client.__enter__()  # type: ignore[no-untyped-call]  # the SDK's

    def call(self, rpc: str, fields: Mapping[str, Any]) -> Wire:
        """Make a call that is answered once."""
        return _decoded(self._ask(self.client, rpc, self._request(rpc, fields)))

    def stream(self, rpc: str, fields: Mapping[str, Any]) -> list[Wire]:
        """Make a call that is answered in parts."""
        parts = self._ask_for_parts(self.client, rpc, self._request(rpc, fields))
        return [_decoded(part) for part in parts]

    def _request(self, rpc: str, fields: Mapping[str, Any]) -> Message:
        from google.protobuf import message_factory  # noqa: PLC0415  # as above

        described = self._methods.methods_by_name[rpc].input_type
        request: Message = message_factory.GetMessageClass(described)(**fields)
        return request


async def _ask(client: Any, rpc: str, request: Message) -> Message:
    from modal._utils.grpc_utils import Retry  # noqa: PLC0415  # as above

    method = getattr(client._stub, rpc)  # noqa: SLF001  # `stub` warns that it is internal
    answer: Message = await method(request, retry=Retry(attempt_timeout=ANSWER_SECONDS))
    return answer


async def _ask_for_parts(client: Any, rpc: str, request: Message) -> list[Message]:
    method = getattr(client._stub, rpc)  # noqa: SLF001  # as above
    return [part async for part in method.unary_stream(request)]


def _decoded(answer: Message) -> Wire:
    from google.protobuf import json_format  # noqa: PLC0415  # as above

    return json_format.MessageToDict(
        answer,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )


def _proxied() -> bool:
    """Tell whether the SDK reaches its servers through a proxy only."""
    disabled = os.environ.get("MODAL_DISABLE_API_PROXY", "").lower()
    return disabled in {"", "0", "false"} and bool(
        getproxies().keys() & {"http", "https", "all"}
    )


def _probe(server_url: str, hosts: list[tuple[str, int]]) -> None:
    for host in hosts:
        try:
            socket.create_connection(host, PROBE_SECONDS).close()
        except OSError:
            continue
        return
    raise unreachable(server_url)
