"""How a function becomes an RPC: by its own decorator, under the proto's name.

A plain function is one transaction, and is answered from its first reply when the
client retries it. A coroutine waits for something and opens its own transactions
with `Call.once`. An iterator answers a server-streaming method.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


class Access(enum.Enum):
    """Who may call at all; what they may do to an object is `access.py`'s."""

    ANONYMOUS = enum.auto()
    """Anyone: the token flow, which is how a caller gets a token."""
    TOKEN = enum.auto()
    """Any valid credential, a running container's included."""
    USER = enum.auto()
    """A workspace member, not a service user nor a container."""
    MANAGER = enum.auto()
    """A member who manages the workspace: its owner or a manager."""


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of `modal.client.ModalClient` that is served."""

    name: str
    handler: Callable[..., Any]
    access: Access


RPCS: dict[str, Rpc] = {}
F = TypeVar("F", bound="Callable[..., Any]")


def rpc(name: str, access: Access = Access.TOKEN) -> Callable[[F], F]:
    """Serve the method of this name with the decorated function."""

    def register(handler: F) -> F:
        if name in RPCS:
            msg = f"{name} is served twice: by {RPCS[name].handler} and {handler}"
            raise ValueError(msg)
        RPCS[name] = Rpc(name, handler, access)
        return handler

    return register
