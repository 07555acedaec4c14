"""What Modal's dicts and queues have in common: a name, and contents that pass.

Contents are the programs' own, and expire; only that the object is there is managed.
Immutable: name. Quirk: deleting one deletes what it holds, so that is refused unless
it is empty or `force_destroy` is set.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Annotated, ClassVar, TypeVar

import pulumi

from components.kernel import DataLossError, Immutable, Local, Wire

from .base import EnvironmentArgs, EnvironmentLike, ModalKind, ModalResource, ObjectName
from .client import FAIL_IF_EXISTS, ModalApi
from .still_there import require_listed


class StoreArgs(EnvironmentArgs):
    """What a user writes for a dict or a queue."""

    name: Annotated[ObjectName, Immutable]
    force_destroy: Annotated[bool, Local] = False


class StoreState(StoreArgs):
    """A dict or a queue as the control plane has it."""

    id: str
    name: str


A = TypeVar("A", bound=StoreArgs)
S = TypeVar("S", bound=StoreState)


class StoreKind(ModalKind[A, S]):
    """The life cycle of a dict or a queue.

    Attributes:
        noun: How its calls begin, and in lower case its fields.
    """

    noun: ClassVar[str]
    state: ClassVar[type[StoreState]]

    @abstractmethod
    def size(self, api: ModalApi, state: S) -> int:
        """Return how much it holds."""

    def list(self, api: ModalApi) -> Iterable[Wire]:
        """Yield every one of the environment."""
        for item in api.pages(f"{self.noun}List", f"{self.noun.lower()}s"):
            yield {**item, "id": item[self._id]}

    def parse(self, api: ModalApi, wire: Wire) -> S:
        """Project one on its canonical state."""
        return self.state(  # type: ignore[return-value]  # S, as `kind` has read it
            environment_name=api.environment,
            id=wire[self._id],
            name=wire["metadata"]["name"],
        )

    def create(self, api: ModalApi, args: A) -> S:
        """Make it, empty."""
        wire = api.call(
            f"{self.noun}GetOrCreate",
            environment_name=api.environment,
            deployment_name=args.name,
            object_creation_type=FAIL_IF_EXISTS,
        )
        made = self.parse(api, wire)
        return made.model_copy(update={"force_destroy": args.force_destroy})

    def update(self, api: ModalApi, old: S, new: A) -> S:
        """Keep what is only flowground's; there is nothing else to change."""
        del api
        return old.model_copy(update={"force_destroy": new.force_destroy})

    def delete(self, api: ModalApi, state: S) -> None:
        """Delete it if nothing would be lost with it.

        Raises:
            DataLossError: It holds something, and `force_destroy` is not set.
        """
        require_listed(self.list(api), state.id)
        if not state.force_destroy and (size := self.size(api, state)):
            raise DataLossError(
                f"it holds {size} items; set force_destroy=True and run `pulumi up` "
                "first if all of them may be lost"
            )
        api.call(f"{self.noun}Delete", **{self._id: state.id})

    @property
    def _id(self) -> str:
        return f"{self.noun.lower()}_id"


class StoreResource(ModalResource):
    """A dict or a queue that the stack owns."""

    def __init__(
        self,
        resource_name: str,
        *,
        environment: EnvironmentLike,
        name: pulumi.Input[str] | None = None,
        force_destroy: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "force_destroy": force_destroy,
            },
            environment=environment,
            opts=opts,
        )
