"""Where the objects under test live: a real service, seen from outside."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from tests.support.servicer import Object, Servicer

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Mapping

    from tests.support.grpc_proxy import GrpcProxy
    from tests.support.proxy import Proxy

Properties = dict[str, Any]


class World(ABC):
    """A real service behind a proxy, and two provider processes that call it.

    Attributes:
        env: What the providers find the service by: through the proxy.
        proxy: What sees all that they send.
        servicer: A provider process.
        another: A second one, which knows nothing of what the first has done.
        place: The inputs that say where an object lives (workspace_id, for instance).
        canary: A secret that must turn up nowhere in plaintext.
    """

    def __init__(
        self, env: Mapping[str, str], proxy: Proxy | GrpcProxy, place: Properties
    ) -> None:
        self.env = dict(env)
        self.proxy = proxy
        self.servicer = Servicer(self.env)
        self.another = Servicer(self.env)
        self.place = place
        self.canary = "canary-" + uuid.uuid4().hex

    @abstractmethod
    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the service behind flowground's back; the path is below the place."""

    def make(self, token: str, inputs: Properties, *, placed: bool = True) -> Object:
        """Create what the object needs to exist first, in the same place or not."""
        place = self.place if placed else {}
        return self.servicer.create(token, {**place, **inputs})

    def end(self, token: str) -> None:
        """Delete all objects of a kind, which its next test may have to make anew."""
        for provider in (self.servicer, self.another):
            provider.end(token)

    def named(self, change: Properties) -> Properties:
        """Make a changed name one that no other test uses."""
        if "name" not in change:
            return change
        return {**change, "name": self.unlike(change["name"])}

    def unlike(self, name: str) -> str:
        """Return a name of the service's alphabet that no other test uses."""
        return f"{name}-{uuid.uuid4().hex[:8]}"

    def recording(self) -> contextlib.AbstractContextManager[list[Any]]:
        """Yield the calls made inside the block."""
        return self.proxy.recording()

    def lose_one_answer(
        self, of: Callable[[Any], bool], *, by_gateway: bool = False
    ) -> None:
        """Lose the answer to the next such call, after the service has acted."""
        self.proxy.lose_one_answer(of, by_gateway=by_gateway)

    def close(self) -> list[str]:
        """End both provider processes and return what they wrote to stderr."""
        return [self.servicer.close(), self.another.close()]
