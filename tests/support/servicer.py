"""Drive the real dynamic-provider servicer, as the engine does: over gRPC.

The process is the SDK's own (`python -m pulumi.dynamic`), so what is proved through it
holds under every engine that starts the same process.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import grpc
from google.protobuf import json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN

from components.kernel.dynamic import Provider
from components.kernel.registry import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
# A call that takes longer has hung. Prefect's client tries five times again, which
# takes a minute by itself.
DEADLINE_SECONDS = 120


class CallError(AssertionError):
    """The provider answered with an error; the text is what a user would read."""


@dataclass
class Checked:
    """The answer to a check."""

    inputs: dict[str, Any]
    failures: dict[str, str]


@dataclass
class Object:
    """One resource, as the engine's state would hold it."""

    token: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secret_outputs: set[str] = field(default_factory=set)


class Process(Protocol):
    """A provider process, however it was started."""

    @property
    def port(self) -> int:
        """Where it listens."""

    def kill(self) -> str:
        """End it, and return what it wrote to its standard error."""


class Fresh:
    """A provider process as the engine starts it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:0"],
            cwd=ROOT,
            env={**quiet_environment(), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> str:
        """End it, and return what it wrote to its standard error."""
        self._process.kill()
        _, err = self._process.communicate()
        return err


class Servicer:
    """One provider process; what an `up` or a `refresh` starts."""

    def __init__(
        self,
        env: Mapping[str, str],
        start: Callable[[Mapping[str, str]], Process] = Fresh,
    ) -> None:
        self._made: list[Object] = []
        self._process = start(env)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self._process.port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._call("Configure", provider_pb2.ConfigureRequest())

    def close(self) -> str:
        """End the process and return all it wrote to its standard error."""
        self._channel.close()
        return self._process.kill()

    def kill(self) -> None:
        """End the process, and have the calls to it fail."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(
        self, token: str, news: dict[str, Any], olds: dict[str, Any] | None = None
    ) -> Checked:
        """Check inputs, as every preview does."""
        answer = self._call(
            "Check",
            provider_pb2.CheckRequest(
                olds=_struct(token, olds or {}), news=_struct(token, news)
            ),
        )
        return Checked(
            _dict(answer.inputs), {f.property: f.reason for f in answer.failures}
        )

    def diff(self, old: Object, news: dict[str, Any]) -> tuple[list[str], list[str]]:
        """Return what differs, as the engine finds it, and what of that replaces."""
        answer = self._call(
            "Diff",
            provider_pb2.DiffRequest(
                id=old.id,
                olds=_struct(old.token, old.outputs),
                news=_struct(old.token, news),
            ),
        )
        assert answer.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
        first = kind_of(old.token).delete_before_replace
        assert answer.deleteBeforeReplace == first
        keys = sorted(old.inputs.keys() | news.keys())
        changes = [k for k in keys if old.inputs.get(k) != news.get(k)]
        return changes, list(answer.replaces)

    def create(self, token: str, news: dict[str, Any]) -> Object:
        """Check, then create."""
        checked = self.check(token, news)
        assert not checked.failures, checked.failures
        answer = self._call(
            "Create",
            provider_pb2.CreateRequest(properties=_struct(token, checked.inputs)),
        )
        outputs, secret = _unsealed(answer.properties)
        made = Object(token, answer.id, checked.inputs, outputs, secret)
        self._made.append(made)
        return made

    def read(self, old: Object) -> Object | None:
        """Read the live object; None if it is gone."""
        answer = self._call(
            "Read",
            provider_pb2.ReadRequest(
                id=old.id, properties=_struct(old.token, old.outputs)
            ),
        )
        if not answer.id:
            return None
        outputs, secret = _unsealed(answer.properties)
        inputs, _ = _unsealed(answer.inputs)
        return Object(old.token, answer.id, inputs, outputs, secret)

    def update(self, old: Object, news: dict[str, Any]) -> Object:
        """Check, then update."""
        checked = self.check(old.token, news, old.inputs)
        assert not checked.failures, checked.failures
        answer = self._call(
            "Update",
            provider_pb2.UpdateRequest(
                id=old.id,
                olds=_struct(old.token, old.outputs),
                news=_struct(old.token, checked.inputs),
            ),
        )
        outputs, secret = _unsealed(answer.properties)
        return Object(old.token, old.id, checked.inputs, outputs, secret)

    def delete(self, old: Object) -> None:
        """Delete the object."""
        self._call(
            "Delete",
            provider_pb2.DeleteRequest(
                id=old.id, properties=_struct(old.token, old.outputs)
            ),
        )

    def end(self, token: str) -> None:
        """Delete all that was made of a kind, as far as it still is ours to delete."""
        for made in self._made:
            if made.token == token:
                self.delete(made)
        self._made = [made for made in self._made if made.token != token]

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=DEADLINE_SECONDS)
        except grpc.RpcError as error:
            raise CallError(error.details()) from None


def unknown() -> str:
    """Return what stands for a value that only the update will know."""
    return UNKNOWN


@contextlib.contextmanager
def servicer(env: Mapping[str, str]) -> Iterator[Servicer]:
    """Run a provider process for the duration of a test."""
    with Servicer(env) as running:
        yield running


def quiet_environment() -> dict[str, str]:
    """Return this process's environment without the services' settings."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "MODAL_"))
    }
    return {**clean, "PULUMI_PROJECT": "flowground", "DO_NOT_TRACK": "1"}


def _struct(token: str, props: dict[str, Any]) -> struct_pb2.Struct:
    pickled = serialize_provider(Provider(kind_of(token)))
    message: struct_pb2.Struct = json_format.ParseDict(
        {**props, "__provider": pickled}, struct_pb2.Struct()
    )
    return message


def _dict(message: struct_pb2.Struct) -> dict[str, Any]:
    props = json_format.MessageToDict(message)
    props.pop("__provider", None)
    return props


def _unsealed(message: struct_pb2.Struct) -> tuple[dict[str, Any], set[str]]:
    props, secret = _dict(message), set()
    for key, value in props.items():
        if isinstance(value, dict) and value.get(SECRET_SIGNATURE) == SECRET:
            props[key] = value["value"]
            secret.add(key)
    return props, secret
