"""Run a Pulumi program against a recording engine, in this process."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime import mocks, rpc
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import set_root_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROJECT = "flowground"


@dataclass(frozen=True)
class Registered:
    """One resource, as the engine was told of it.

    Attributes:
        type: Its type token.
        name: Its name in the program.
        id: The id that it is read by; empty if it is managed.
        inputs: Its properties, without what seals secrets.
        secret: Its properties that are sealed.
        secret_outputs: The outputs that the engine must encrypt.
        provider: Its provider's reference.
    """

    type: str
    name: str
    id: str
    inputs: dict[str, Any]
    secret: frozenset[str]
    secret_outputs: frozenset[str]
    provider: str


class Engine(mocks.MockMonitor):
    """The engine's side: notes every request, and adds what `respond` says."""

    def __init__(self, respond: Callable[[str], Mapping[str, Any]]) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # no mocks: answered below
        self.registered: list[Registered] = []
        self._respond = respond

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        """Make a resource that is managed."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type != "pulumi:pulumi:Stack":
            self._note(request, request.object, "")
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id=f"{request.name}-id", object=self._made(request, request.object)
        )

    def ReadResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        """Find a resource that is only read."""
        urn = self.make_urn(request.parent, request.type, request.name)
        self._note(request, request.properties, request.id)
        return resource_pb2.ReadResourceResponse(
            urn=urn, properties=self._made(request, request.properties)
        )

    def _made(self, request: Any, properties: Any) -> struct_pb2.Struct:
        made = struct_pb2.Struct()
        made.CopyFrom(properties)
        made.update(self._respond(request.name))
        return made

    def _note(self, request: Any, properties: Any, id_: str) -> None:
        sealed = json_format.MessageToDict(properties)
        self.registered.append(
            Registered(
                request.type,
                request.name,
                id_,
                {k: rpc.unwrap_rpc_secret(v) for k, v in sealed.items()},
                frozenset(k for k, v in sealed.items() if rpc.is_rpc_secret(v)),
                frozenset(request.additionalSecretOutputs),
                request.provider,
            )
        )


@dataclass
class Run:
    """What a program did.

    Attributes:
        registered: The resources, in the order of their registration.
        outputs: The values that the program's returned outputs had.
    """

    registered: list[Registered]
    outputs: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Registered:
        [found] = [one for one in self.registered if one.name == name]
        return found


def run(
    program: Callable[[], Mapping[str, Any] | None],
    *,
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    respond: Callable[[str], Mapping[str, Any]] = lambda _: {},
    sort: type[Engine] = Engine,
) -> Run:
    """Run a program of its own stack, and wait for all its outputs.

    Args:
        program: The program; it returns the outputs to look at.
        preview: Whether values that the engine does not know yet stay unknown.
        config: The stack's settings.
        respond: What a resource of a name has beyond its inputs, once it was made.
        sort: The engine.
    """
    engine = sort(respond)
    values: dict[str, Any] = {}

    def whole() -> pulumi.Output[Any]:
        outputs = program() or {}
        return pulumi.Output.all(*(note(name, o) for name, o in outputs.items()))

    def note(name: str, output: pulumi.Input[Any]) -> pulumi.Output[Any]:
        return pulumi.Output.from_input(output).apply(
            lambda value: values.__setitem__(name, value)
        )

    with _event_loop():
        set_root_resource(None)  # type: ignore[arg-type]  # as for a new program
        set_all_config({f"{PROJECT}:{k}": v for k, v in (config or {}).items()})
        mocks.set_mocks(engine.mocks, PROJECT, "unit", preview, monitor=engine)
        pulumi.runtime.test(whole)()  # type: ignore[no-untyped-call]  # Pulumi's
    return Run(engine.registered, values)


@contextlib.contextmanager
def _event_loop() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()
