"""A Modal workspace as the contract suite sees it, and its real control plane."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, message_factory

from tests.support.grpc_proxy import SERVICE, Call, GrpcProxy
from tests.support.modal_plane import RunningPlane, running_plane
from tests.support.modal_raw import call
from tests.support.servicer import Object, Servicer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Properties = dict[str, Any]
# Of the workspace, beside its owner.
MEMBER = "ada"
VARIABLES = ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_CONFIG_PATH")


class ModalWorld:
    """A workspace or an environment of a real control plane, seen through a proxy."""

    def __init__(
        self, plane: RunningPlane, proxy: GrpcProxy, place: Properties
    ) -> None:
        env = {key: plane.env()[key] for key in VARIABLES}
        env["MODAL_SERVER_URL"] = proxy.url
        self.plane = plane
        self.servicer = Servicer(env)
        self.another = Servicer(env)
        self.place = place
        self.canary = "canary-" + uuid.uuid4().hex
        self._proxy = proxy

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control plane behind flowground's back.

        Args:
            method: "rpc".
            path: The call's name.
            body: The request as JSON.
        """
        assert method == "rpc"
        described = SERVICE.methods_by_name[path].input_type
        request = message_factory.GetMessageClass(described)()
        answer = call(self.plane, path, json_format.ParseDict(body or {}, request))
        return json_format.MessageToDict(answer, preserving_proto_field_name=True)

    def make(self, token: str, inputs: Properties, *, placed: bool = True) -> Object:
        """Create a parent that the object under test needs."""
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
        return {**change, "name": f"{change['name']}-{uuid.uuid4().hex[:8]}"}

    def recording(self) -> contextlib.AbstractContextManager[list[Call]]:
        """Yield the calls made inside the block."""
        return self._proxy.recording()

    def lose_one_answer(self, of: Callable[[Call], bool]) -> None:
        """Drop the answer to the next such call, after the control plane has acted."""
        self._proxy.lose_one_answer(of)

    def close(self) -> list[str]:
        """End both provider processes and return what they wrote to stderr."""
        return [self.servicer.close(), self.another.close()]


@contextlib.contextmanager
def modal_worlds(folder: Path) -> Iterator[Callable[[bool], ModalWorld]]:
    """Run a control plane; yield what makes a world, in an environment or not."""
    with running_plane(folder / "modal") as plane, GrpcProxy(plane.grpc_url) as proxy:
        plane.admin("member", "local", MEMBER)

        def world(placed: bool) -> ModalWorld:
            name = "contract-" + uuid.uuid4().hex[:8]
            place = {"environment_name": name} if placed else {}
            made = ModalWorld(plane, proxy, place)
            if placed:
                made.call("rpc", "EnvironmentCreate", {"name": name})
            return made

        yield world
