"""Work that is done once for given inputs, and whose results the state keeps.

A kind describes an object that a service has; a task describes none: nothing could be
listed, adopted or drift. What there is of it is in the stack's state alone, so that it
is done again exactly when its inputs change, and never by a preview.
"""

from __future__ import annotations

import importlib
import json
import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import (
    CreateResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime.rpc import wrap_rpc_secret

from .dynamic import one_sentence
from .model import canonical_json
from .resource import provider_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.dynamic import ConfigureRequest

    from .kind import Config
    from .model import Properties

OUTPUTS = "outputs"

_tasks: dict[str, type[Task]] = {}


class Task(ABC):
    """One sort of work.

    Attributes:
        token: The frozen name, `service:Task`; it is written into every state.
    """

    token: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Make the task known under its token."""
        super().__init_subclass__()
        known = _tasks.setdefault(cls.token, cls)
        if known is not cls:
            raise ValueError(f"{cls.token} is already taken by {known.__qualname__}")

    @abstractmethod
    def run(self, config: Config, inputs: Properties) -> Properties:
        """Do the work, and return its results.

        Raises:
            FlowgroundError: It failed; all of it will be done again.
        """

    @abstractmethod
    def tells_secrets(self, inputs: Properties) -> bool:
        """Tell whether the results may hold what nobody should read."""


class TaskProvider(ResourceProvider):
    """One sort of work as a Pulumi dynamic provider; holds no data of any stack."""

    serialize_as_secret_always = False

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task
        self._config: Config = {}

    def __reduce__(self) -> tuple[Callable[[str], TaskProvider], tuple[str]]:
        return load, (self._task.token,)

    def configure(self, req: ConfigureRequest) -> None:
        """Take the service's settings, as the explicit provider resource has them."""
        self._config = req.config

    def create(self, props: Properties) -> CreateResult:
        """Do the work for the first time."""
        return CreateResult(uuid.uuid4().hex, self._done(props))

    def update(self, id_: str, olds: Properties, news: Properties) -> UpdateResult:
        """Do the work again, for other inputs."""
        del id_, olds
        return UpdateResult(self._done(news))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read what the state has: there is nothing else."""
        outputs = {k: v for k, v in props.items() if not k.startswith("__")}
        inputs = {k: v for k, v in outputs.items() if k != OUTPUTS}
        if self._task.tells_secrets(inputs) and OUTPUTS in outputs:
            outputs[OUTPUTS] = wrap_rpc_secret(outputs[OUTPUTS])
        return ReadResult(id_, outputs, inputs)

    def _done(self, props: Properties) -> Properties:
        inputs = {k: v for k, v in props.items() if not k.startswith("__")}
        with one_sentence():
            results: Any = canonical_json(self._task.run(self._config, inputs))
            if self._task.tells_secrets(inputs):
                results = wrap_rpc_secret(results)
        return {**inputs, OUTPUTS: results}


def load(token: str) -> TaskProvider:
    """Return the Pulumi provider of a task: what the pickles in state call."""
    importlib.import_module(f"components.{token.partition(':')[0]}")
    return TaskProvider(_tasks[token]())


class TaskResource(Resource):
    """Work that the stack does.

    Attributes:
        task: What is done.
        settings: The stack config keys that its service's client understands.
        outputs: The results.
    """

    task: ClassVar[type[Task]]
    settings: ClassVar[tuple[str, ...]] = ()
    outputs: pulumi.Output[Any]

    def __init_subclass__(cls, task: type[Task]) -> None:
        """Give the class its Pulumi type."""
        cls.task = task
        module, name = task.token.split(":")
        super().__init_subclass__(module=module, name=name)

    def __init__(
        self,
        resource_name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the work.

        Args:
            resource_name: Its name in the program and in state.
            inputs: What it depends on: when one changes it is done again.
            opts: Pulumi's resource options.
        """
        merged: pulumi.ResourceOptions = pulumi.ResourceOptions.merge(None, opts)
        if merged.provider is None:
            service = self.task.token.split(":")[0]
            merged.provider = provider_of(service, self.settings)
        given = {k: v for k, v in inputs.items() if v is not None}
        provider = TaskProvider(self.task())
        super().__init__(provider, resource_name, {**given, OUTPUTS: None}, merged)
        # As JSON text, which unlike Pulumi's properties keeps nulls and integers.
        self.outputs = self.outputs.apply(json.loads)
