"""A Modal queue: what programs hand to each other; see `store`.

API: QueueGetOrCreate (to create), QueueList, QueueLen, QueueDelete.
"""

from __future__ import annotations

from components.kernel import kind

from .client import ModalApi
from .store import StoreArgs, StoreKind, StoreResource, StoreState


class ModalQueueArgs(StoreArgs):
    """What a user writes for a queue; see `ModalQueue`."""


class ModalQueueState(StoreState, ModalQueueArgs):
    """A queue as the control plane has it."""


@kind("modal:Queue", key=("name",))
class ModalQueueKind(StoreKind[ModalQueueArgs, ModalQueueState]):
    """The life cycle of a queue."""

    noun = "Queue"

    def size(self, api: ModalApi, state: ModalQueueState) -> int:
        """Return how many items all its partitions have."""
        return int(api.call("QueueLen", queue_id=state.id, total=True)["len"])


class ModalQueue(StoreResource, kind=ModalQueueKind):
    """What programs hand to each other; a partition lasts for a day after its last put.

    Args:
        resource_name: Its name in the program and in state.
        environment: The environment it lives in.
        name: Its name there; the resource's name if not given.
        force_destroy: Let a destroy delete it with its items.
        opts: Pulumi's resource options.

    See https://modal.com/docs/guide/queues.
    """
