"""What a workspace holds that somebody made: a list call or two for each kind.

Left out is what is Prefect's own, or comes and goes with runs: the block types that
Prefect ships, a pool's `default` queue that nobody touched, flows that have nothing but
runs, the limits of deployments (which are theirs), and who may do what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.prefect.automation import AutomationKind
from components.prefect.block import BlockKind
from components.prefect.block_type import BlockTypeKind
from components.prefect.deployment import DeploymentKind
from components.prefect.flow import FlowKind
from components.prefect.global_concurrency_limit import GlobalConcurrencyLimitKind
from components.prefect.tag_concurrency_limit import TagConcurrencyLimitKind
from components.prefect.variable import VariableKind
from components.prefect.webhook import WebhookKind
from components.prefect.work_pool import WorkPoolKind
from components.prefect.work_queue import DEFAULT, UNTOUCHED, WorkQueueKind

if TYPE_CHECKING:
    from components.kernel import Args, Kind, Wire
    from components.prefect.client import PrefectApi

# In the order in which the settings have them.
KINDS: Final[dict[str, Kind[PrefectApi, Any, Any]]] = {
    kind.token.partition(":")[2]: kind()
    for kind in (
        VariableKind,
        BlockTypeKind,
        BlockKind,
        WorkPoolKind,
        WorkQueueKind,
        GlobalConcurrencyLimitKind,
        TagConcurrencyLimitKind,
        FlowKind,
        DeploymentKind,
        AutomationKind,
        WebhookKind,
    )
}
# What a server of one's own does not have.
_CLOUD_ONLY: Final = frozenset({"Webhook"})
# Where the pictures of the block types that Prefect ships are kept.
_PREFECTS_PICTURES: Final = (
    "https://cdn.sanity.io/images/3ugk85nk/",
    "https://raw.githubusercontent.com/PrefectHQ/",
)


class Live(NamedTuple):
    """One object.

    Attributes:
        sort: Its kind, by the key in `KINDS`.
        name: What tells it from others of its kind: `pool/queue`, `flow/deployment`,
            `type/block`, or its name.
        state: As its kind projects it.
        wire: As the API gave it.
    """

    sort: str
    name: str
    state: Any
    wire: Wire

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.state.id)

    @property
    def short(self) -> str:
        """Its name among those of its pool, flow or type."""
        return self.name.partition("/")[2] if self.sort in _WITHIN else self.name

    def __str__(self) -> str:
        return f"{self.sort} {self.name}"


class LeftOut(NamedTuple):
    """An object that the settings cannot describe, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class Selection(NamedTuple):
    """Which objects are asked for: those of any of the kinds, named by any pattern.

    Attributes:
        kinds: Keys of `KINDS`; all if there are none.
        names: Shell patterns, on the whole name or its last part; all if none.
    """

    kinds: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()

    def has(self, sort: str, *names: str) -> bool:
        """Tell whether an object is asked for."""
        return (not self.kinds or sort in self.kinds) and (
            not self.names
            or any(fnmatchcase(name, p) for p in self.names for name in names)
        )


def read(api: PrefectApi) -> tuple[list[Live], list[LeftOut]]:
    """Read a workspace: all that somebody made, and what cannot be read."""
    parsed: dict[str, list[tuple[Args, Wire]]] = {}
    left_out: list[LeftOut] = []
    for sort, kind in KINDS.items():
        parsed[sort] = []
        if sort in _CLOUD_ONLY and api.workspace_id is None:
            continue
        for wire in kind.list(api):
            if _is_prefects(sort, wire):
                continue
            try:
                parsed[sort].append((kind.parse(api, wire), wire))
            except (LookupError, AttributeError, TypeError, ValueError) as error:
                what = f"{sort} {wire.get('name') or wire['id']}"
                why = f"this version cannot express it ({type(error).__name__})"
                left_out.append(LeftOut(what, why))
    flows = {str(state.id): state.name for state, _ in parsed["Flow"]}  # type: ignore[attr-defined]  # a FlowState
    found = [
        Live(sort, name_of(sort, state, flows), state, wire)
        for sort, states in parsed.items()
        for state, wire in states
    ]
    deployed = {live.state.flow_id for live in found if live.sort == "Deployment"}
    return sorted(_lasting(found, deployed), key=place), left_out


def _is_prefects(sort: str, wire: Wire) -> bool:
    match sort:
        case "BlockType":
            pictured = str(wire["logo_url"] or "").startswith(_PREFECTS_PICTURES)
            return bool(wire["is_protected"]) or pictured
        case "WorkQueue":
            return wire["name"] == DEFAULT and UNTOUCHED.items() <= wire.items()
        case _:
            return False


def _lasting(found: Iterable[Live], deployed: Iterable[object]) -> Iterator[Live]:
    """Leave out the flows that are there because somebody once ran them."""
    for live in found:
        if live.sort != "Flow" or (
            live.state.tags or live.state.labels or live.state.id in deployed
        ):
            yield live


def place(live: Live) -> tuple[int, str]:
    """Return what puts objects in the order in which the settings have them."""
    return list(KINDS).index(live.sort), live.name


_WITHIN: Final[dict[str, Callable[[Any, dict[str, str]], str]]] = {
    "Block": lambda block, _: block.type_slug,
    "WorkQueue": lambda queue, _: queue.work_pool_name,
    "Deployment": lambda one, flows: flows.get(str(one.flow_id), str(one.flow_id)),
}


def name_of(sort: str, state: Any, flows: dict[str, str]) -> str:
    """Return what tells an object from others of its kind; flows are named by id."""
    if sort in _WITHIN:
        return f"{_WITHIN[sort](state, flows)}/{state.name}"
    return str(getattr(state, KINDS[sort].key[-1]))
