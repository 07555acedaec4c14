"""Ids of discovered objects, turned into references to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from components.kernel.references import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .live import Live

_ID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
# The group of the settings that each kind is in.
GROUPS: Final = {
    "Variable": "variables",
    "BlockType": "block_types",
    "Block": "blocks",
    "WorkPool": "work_pools",
    "WorkQueue": "work_queues",
    "GlobalConcurrencyLimit": "concurrency_limits",
    "TagConcurrencyLimit": "tag_concurrency_limits",
    "Flow": "flows",
    "Deployment": "deployments",
    "Automation": "automations",
    "Webhook": "webhooks",
}


class References:
    """Which ids stand for what the settings describe."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[str, str]] = {}

    def know(self, live: Live, key: str) -> None:
        """Let what is described from now on refer to an object."""
        if text := reference(GROUPS[live.sort], key):
            self._written[live.id] = live.sort, text

    def put(self, value: Any, sorts: Collection[str]) -> Any:
        """Return a value with references in place of the ids of objects of some sorts.

        Only values hold ids; the keys of mappings are never references.
        """
        match value:
            case dict():
                return {key: self.put(item, sorts) for key, item in value.items()}
            case list():
                return [self.put(item, sorts) for item in value]
            case str():
                return _ID.sub(lambda id_: self._for(id_[0], sorts), value)
            case _:
                return value

    def _for(self, id_: str, sorts: Collection[str]) -> str:
        sort, text = self._written.get(id_, ("", id_))
        return text if sort in sorts else id_

    @classmethod
    def ids_in(cls, value: Any) -> Iterator[str]:
        """Yield every id that a value holds."""
        match value:
            case dict():
                for item in value.values():
                    yield from cls.ids_in(item)
            case list():
                for item in value:
                    yield from cls.ids_in(item)
            case str():
                yield from _ID.findall(value)
