"""A Modal dict: keys and values that programs share; see `store`.

API: DictGetOrCreate (to create), DictList, DictLen, DictDelete.
"""

from __future__ import annotations

from components.kernel import kind

from .client import ModalApi
from .store import StoreArgs, StoreKind, StoreResource, StoreState


class ModalDictArgs(StoreArgs):
    """What a user writes for a dict; see `ModalDict`."""


class ModalDictState(StoreState, ModalDictArgs):
    """A dict as the control plane has it."""


@kind("modal:Dict", key=("name",))
class ModalDictKind(StoreKind[ModalDictArgs, ModalDictState]):
    """The life cycle of a dict."""

    noun = "Dict"

    def size(self, api: ModalApi, state: ModalDictState) -> int:
        """Return how many entries it has."""
        return int(api.call("DictLen", dict_id=state.id)["len"])


class ModalDict(StoreResource, kind=ModalDictKind):
    """Keys and values that programs share; an entry lasts for a week without use.

    Args:
        resource_name: Its name in the program and in state.
        environment: The environment it lives in.
        name: Its name there; the resource's name if not given.
        force_destroy: Let a destroy delete it with its entries.
        opts: Pulumi's resource options.

    See https://modal.com/docs/guide/dicts.
    """
