"""From live objects to the settings that describe them.

Only what differs from a kind's own defaults is written, so that the config reads as if
somebody had written it. An object is described only if the description is proved to
mean it: brought through the kind's own check, it must come out as what is there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import UnmanagedIfUnset, WriteOnly
from components.prefect.schedule import brief

from .live import KINDS, LeftOut, Live, Selection
from .proof import unproved
from .references import GROUPS, References
from .secrets import NeededSecret, secrets_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Which references the environment knows by the time that it makes one of a kind.
_KNOWN: Final = {
    "Block": {"Block"},
    "WorkPool": {"Block"},
    "Deployment": {"Block", "WorkPool", "WorkQueue", "GlobalConcurrencyLimit"},
    "Automation": {
        *("Block", "WorkPool", "WorkQueue", "GlobalConcurrencyLimit", "Deployment"),
    },
}
# What the settings say by an entry's place, or by its key.
_SAID: Final = {
    "Block": {"name"},
    "BlockType": {"slug"},
    "WorkQueue": {"work_pool_name", "name"},
    "TagConcurrencyLimit": {"tag"},
    "Deployment": {"flow_id", "name"},
}
_MANY_OF_ONE_NAME: Final = frozenset({"Automation", "Webhook"})
# Of these, the stack's prefix is not part of the name.
_UNPREFIXED: Final = {"BlockType", "WorkQueue", "Flow"}


class Described(NamedTuple):
    """The settings, and what must be known beside them.

    Attributes:
        settings: The groups of `PrefectSettings`, without the workspace.
        secrets: What has to be put into the stack's config by hand.
        left_out: What the settings cannot describe.
        described: What they do describe.
    """

    settings: dict[str, Any]
    secrets: list[NeededSecret]
    left_out: list[LeftOut]
    described: list[Live]


def describe(
    found: Iterable[Live],
    selection: Selection | None = None,
    *,
    prefix: str = "",
    managed: Collection[str] = (),
) -> Described:
    """Write what was found as settings.

    Args:
        found: The whole workspace.
        selection: Which of it to describe; what an object cannot be without (a
            queue's pool, a deployment's flow) comes with it.
        prefix: What the stack puts before each name.
        managed: The ids of what the stack has already, wherever it says so: that may
            be referred to, and is not described again.
    """
    chosen = _selected(list(found), selection or Selection())
    return _Description(prefix, managed).of(chosen)


def _selected(found: list[Live], selection: Selection) -> list[Live]:
    chosen = [o for o in found if selection.has(o.sort, o.name, o.short)]
    pools = {o.state.work_pool_name for o in chosen if o.sort == "WorkQueue"}
    flows = {o.state.flow_id for o in chosen if o.sort == "Deployment"}
    return [
        o
        for o in found
        if o in chosen
        or (o.sort == "WorkPool" and o.name in pools)
        or (o.sort == "Flow" and o.state.id in flows)
    ]


class _Description:
    def __init__(self, prefix: str, managed: Collection[str]) -> None:
        self._prefix = prefix
        self._managed = managed
        self._references = References()
        self._result = Described({}, [], [], [])

    def of(self, chosen: list[Live]) -> Described:
        named = Counter((live.sort, live.short) for live in chosen)
        self._flows = {o.state.id: o.name for o in chosen if o.sort == "Flow"}
        pools = {o.name for o in chosen if o.sort == "WorkPool"}
        self._pools = {pool.removeprefix(self._prefix): pool for pool in pools}
        self._served = Counter(
            (o.state.work_pool_name, o.state.priority)
            for o in chosen
            if o.sort == "WorkQueue"
        )
        for live in _after_what_they_refer_to(chosen):
            why = self._fault(live, several=named[live.sort, live.short] > 1)
            if why is None:
                self._add(live, alone=named[live.sort, live.short] == 1)
            else:
                self._result.left_out.append(LeftOut(str(live), why))
        return self._without_known_pools(chosen)

    def _without_known_pools(self, chosen: list[Live]) -> Described:
        """Keep, of the work pools that the stack has, those with new queues."""
        groups = self._result.settings
        for live in chosen:
            name = live.name.removeprefix(self._prefix)
            if live.sort == "WorkPool" and live.id in self._managed:
                pools = groups.get("work_pools", {})
                if "queues" not in pools.get(name, {"queues": ()}):
                    del pools[name]
        if not groups.get("work_pools", True):
            del groups["work_pools"]
        return self._result

    def _fault(self, live: Live, *, several: bool) -> str | None:
        """Say what keeps an object from being described."""
        if several and live.sort in _MANY_OF_ONE_NAME:
            return "several have that name; delete or rename all but one"
        if live.sort not in _UNPREFIXED and not live.short.startswith(self._prefix):
            return f"its name lacks the stack's prefix '{self._prefix}'"
        if live.sort == "WorkQueue" and not self._has_pool(live):
            return "its work pool is left out"
        if live.sort == "Deployment" and live.state.flow_id not in self._flows:
            return "its flow cannot be read"
        entry = self._entry(live)
        return unproved(live, entry, _SAID.get(live.sort, {"name"}))

    def _has_pool(self, queue: Live) -> bool:
        pools = self._result.settings.get("work_pools", {})
        return queue.state.work_pool_name.removeprefix(self._prefix) in pools

    def _entry(self, live: Live) -> dict[str, Any]:
        """Return the fields that differ from the kind's defaults."""
        kind, state = KINDS[live.sort], live.state
        said = {"workspace_id", "adopt"} | _SAID.get(live.sort, {"name"})
        wanted = kind.args.model_fields.keys() - said - kind.args.marked(WriteOnly)
        entry: dict[str, Any] = state.model_dump(
            mode="json", include=set(wanted), exclude_defaults=True
        )
        for field in kind.args.marked(UnmanagedIfUnset):
            if not entry.get(field, True):
                del entry[field]  # such as the template of a pool that has none yet
        for field, value in kind.args.derived(entry).items():
            if entry.get(field) == value:
                del entry[field]
        if live.sort == "Deployment" and state.schedules:
            entry["schedules"] = brief(state.schedules)
        if live.sort == "BlockType" and state.name == state.slug:
            del entry["name"]
        queue = live.sort == "WorkQueue"
        if queue and self._served[state.work_pool_name, state.priority] > 1:
            # The server holds two at one place, which the settings refuse.
            del entry["priority"]
        return entry

    def _add(self, live: Live, *, alone: bool) -> None:
        entry = self._references.put(self._entry(live), _KNOWN.get(live.sort, ()))
        plain = live.sort in _UNPREFIXED
        name = live.short if plain else live.short.removeprefix(self._prefix)
        key = name if alone or live.sort == "WorkQueue" else live.name
        groups = self._result.settings
        if live.id in self._managed and live.sort != "WorkPool":
            pool = live.state.work_pool_name if live.sort == "WorkQueue" else ""
            within = f"{pool.removeprefix(self._prefix)}/" if pool else ""
            self._references.know(live, within + key)
            return
        group = groups.setdefault(GROUPS[live.sort], {})
        match live.sort:
            case "WorkPool":
                group[key] = {"pool": entry}
            case "WorkQueue":
                del groups[GROUPS[live.sort]]
                pool = live.state.work_pool_name.removeprefix(self._prefix)
                groups["work_pools"][pool].setdefault("queues", {})[key] = entry
                self._references.know(live, f"{pool}/{key}")
            case "Flow" if not entry:
                # Its deployments name it, and there is nothing else to say.
                if not group:
                    del groups[GROUPS[live.sort]]
            case "Deployment":
                group[key] = self._deployment(live, entry, name, key)
            case "Block":
                hidden, needed = secrets_of(live)
                self._result.secrets.extend(needed)
                own = {} if key == name else {"name": name}
                group[key] = {**own, **entry, **hidden}
            case _:
                group[key] = entry
        if live.sort != "WorkQueue":
            self._references.know(live, key)
        if live.id not in self._managed:
            self._result.described.append(live)

    def _deployment(
        self, live: Live, entry: dict[str, Any], name: str, key: str
    ) -> dict[str, Any]:
        pool = entry.get("work_pool_name", "").removeprefix(self._prefix)
        if pool in self._pools:
            entry["work_pool_name"] = pool
        if any(schedule.active for schedule in live.state.schedules):
            self._result.settings["schedules"] = "on"
        own = {} if key == name else {"name": name}
        flow = {"flow": self._flows[live.state.flow_id]}
        return {**own, **flow, **({"deployment": entry} if entry else {})}


def _after_what_they_refer_to(chosen: list[Live]) -> list[Live]:
    """Put each block after those that it refers to."""
    blocks = {live.id: live for live in chosen if live.sort == "Block"}
    placed: dict[str, Live] = {}

    def place(live: Live, within: tuple[str, ...] = ()) -> None:
        for id_ in References.ids_in(live.state.data):
            if id_ in blocks and id_ not in within:
                place(blocks[id_], (*within, live.id))
        placed.setdefault(live.id, live)

    for live in chosen:
        if live.sort == "Block":
            place(live, (live.id,))
        else:
            placed.setdefault(live.id, live)
    return list(placed.values())
