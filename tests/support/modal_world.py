"""A Modal workspace as the contract suite sees it, and its real control plane."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, message_factory

from tests.support.grpc_proxy import SERVICE, GrpcProxy
from tests.support.modal_plane import RunningPlane, running_plane
from tests.support.modal_raw import call
from tests.support.world import Properties, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Of the workspace, beside its owner.
MEMBER = "ada"
VARIABLES = ("MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET", "MODAL_CONFIG_PATH")


class ModalWorld(World):
    """A workspace or an environment of a real control plane, seen through a proxy."""

    def __init__(
        self, plane: RunningPlane, proxy: GrpcProxy, place: Properties
    ) -> None:
        env = {key: plane.env()[key] for key in VARIABLES}
        env["MODAL_SERVER_URL"] = proxy.url
        super().__init__(env, proxy, place)
        self.plane = plane

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
