"""What a program writes: the base of every resource class.

A kind's resource class is its `Args` with documentation and an explicit signature;
all that happens between the two happens here.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary

import pulumi
from pulumi.dynamic import Resource
from pulumi.runtime.settings import get_root_resource

from .dynamic import Provider
from .inputs import InputError, from_output, to_inputs
from .lifecycle import FOUND_ID, LOOKUP
from .model import Secret, WriteOnly, json_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .kind import Kind

_providers: WeakKeyDictionary[pulumi.Resource, dict[str, pulumi.ProviderResource]] = (
    WeakKeyDictionary()
)
_declared: WeakKeyDictionary[pulumi.Resource, list[pulumi.Output[str]]] = (
    WeakKeyDictionary()
)


class ManagedResource(Resource):
    """A remote object that the stack owns.

    Attributes:
        kind: The kind that manages it.
        settings: The stack config keys that this service's client understands; they
            become the settings of its provider process, and of no other.
    """

    kind: ClassVar[type[Kind[Any, Any, Any]]]
    settings: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, kind: type[Kind[Any, Any, Any]] | None = None) -> None:
        """Give the class its Pulumi type: `pulumi-python:dynamic/prefect:WorkPool`."""
        if kind is None:
            super().__init_subclass__()
            return
        cls.kind = kind
        module, name = kind.token.split(":")
        super().__init_subclass__(module=module, name=name)

    def __init__(
        self,
        resource_name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the object.

        Args:
            resource_name: Its name in the program and in state.
            inputs: The kind's arguments; None stands for "not given".
            opts: Pulumi's resource options.
        """
        kind = self.kind()
        try:
            given = to_inputs(kind.args, inputs)
        except InputError as error:
            raise InputError(f"{kind.title()} '{resource_name}': {error}") from None
        props = dict.fromkeys(kind.state.model_fields) | given
        if props["adopt"] is None:
            del props["adopt"]
        super().__init__(Provider(kind), resource_name, props, self._options(opts))
        if root := get_root_resource():
            _declared.setdefault(root, []).append(self.urn)
        for field in json_fields(kind.state) & self.__dict__.keys():
            decode = partial(from_output, kind.state, field)
            self.__dict__[field] = self.__dict__[field].apply(decode)

    @classmethod
    def get(
        cls,
        resource_name: str,
        *,
        opts: pulumi.ResourceOptions | None = None,
        **key: pulumi.Input[Any],
    ) -> Self:
        """Look up an object that something else owns, by its natural key.

        Reads, and never changes, what is there; a preview needs the service for it.

        Args:
            resource_name: Its name in the program and in state.
            opts: Pulumi's resource options.
            **key: The kind's natural key, and where it lives.
        """
        found = cls.__new__(cls)
        wanted = pulumi.Output.all(*(key[field] for field in cls.kind.key)).apply(
            # What there is only one of has no key, but the engine wants an id.
            lambda parts: "/".join(str(part) for part in parts) or resource_name
        )
        ManagedResource.__init__(
            found,
            resource_name,
            {**key, LOOKUP: True, FOUND_ID: ""},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=wanted)),
        )
        found.__dict__["id"] = found.__dict__.pop(FOUND_ID)
        return found

    @classmethod
    def _options(cls, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
        state = cls.kind.state
        sealed = state.marked(Secret) | state.marked(WriteOnly)
        merged: pulumi.ResourceOptions = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(additional_secret_outputs=sorted(sealed))
        )
        if merged.provider is None:
            service = cls.kind.token.split(":")[0]
            merged.provider = provider_of(service, cls.settings)
        return merged


async def registered() -> None:
    """Wait for the engine to be done with all resources; for `pulumi.run`.

    The SDK's own wait, at a program's end, asks all pending outputs again whenever one
    has come, which is quadratic: half of the time for 300 deployments. After this one,
    which asks each resource once, there is next to nothing left to wait for. Errors are
    left to the SDK's wait, which tells them.
    """
    root = get_root_resource()
    urns = _declared.get(root, []) if root else []
    await asyncio.gather(*(urn.future() for urn in urns), return_exceptions=True)


def provider_of(service: str, settings: Iterable[str]) -> pulumi.ProviderResource:
    """Return the program's one provider process for a service.

    A process each gives every service its own workers (the SDK's servicer has four)
    and its own credentials, and no other's.
    """
    root = get_root_resource()
    of_program = _providers.setdefault(root, {}) if root else {}
    if service not in of_program:
        config = pulumi.Config()
        given = {key: config.get_secret(key) for key in settings}
        of_program[service] = pulumi.ProviderResource(
            "pulumi-python",
            service,
            {
                f"{pulumi.get_project()}:{key}": value
                for key, value in given.items()
                if value is not None
            },
        )
    return of_program[service]
