"""The bars of the issue, as arithmetic over what was measured."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.counting import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from bench.deployments import Shape

# Times the HTTP floor, above what the engine takes for as many empty resources.
FLOOR_TIMES: Final = 2.5
WRITES_AN_OBJECT: Final = 2
LINEAR_TIMES: Final = 12
FEWEST_TIMED: Final = 100
OVER_DEPLOY: Final = {"cold up": 5, "no-op up": 20}
_OVER_TOFU: Final = {"cold up": 3, "destroy": 3}
_OVER_LATE_TOFU: Final = 2


class Bar(NamedTuple):
    """One bar, and where we stand.

    Attributes:
        what: What is compared.
        limit: What it must be.
        measured: What it is.
        met: Whether that is enough; None where it was not measured.
    """

    what: str
    limit: str
    measured: str
    met: bool | None


def refresh_over_tofu(deployments: int) -> int:
    """Return how much faster a refresh has to be than OpenTofu's."""
    return 5 if deployments >= 1000 else 2


def reads_allowed(objects: int) -> int:
    """Return how many reads of a kind a refresh may take."""
    return ceil(objects / PAGE) + 2


def bars(shape: Shape, result: Mapping[str, Any]) -> Iterator[Bar]:
    """Yield the bars that can be told from one round."""
    # What any run takes to start is all that a smaller round would be held to.
    ours = result.get("ours") if shape.deployments >= FEWEST_TIMED else None
    # Behind the proxy, which counts, a call takes as long again as at the floor.
    if ours and "floor" in result and "engine" in result and not result.get("proxied"):
        for phase, side in (("cold up", "create"), ("destroy", "delete")):
            yield _over_floor(
                phase, ours, result["floor"][side], result["engine"][phase]["seconds"]
            )
    if "calls" in result:
        yield from _of_calls(shape, result["calls"])
    if ours and "deploy" in result:
        for phase, times in OVER_DEPLOY.items():
            theirs = result["deploy"][phase]["seconds"]
            yield faster(
                f"{phase} against `prefect deploy --all`",
                times,
                ours[phase]["seconds"],
                theirs,
            )
    if ours and "tofu" in result:
        yield from _over_tofu(shape, ours, result["tofu"])
    if ours and "slow_tofu" in result:
        yield from _over_late_tofu(result)


def _over_floor(
    phase: str, ours: Mapping[str, Any], floor: float, engine: float
) -> Bar:
    took = ours[phase]["seconds"]
    limit = FLOOR_TIMES * floor + engine
    times = (took - engine) / floor
    return Bar(
        f"{phase} against the HTTP floor",
        f"{limit:.1f} s: {FLOOR_TIMES} times {floor:.1f} s and the engine's "
        f"{engine:.1f} s",
        f"{took:.1f} s ({times:.1f} times the floor above the engine)",
        took <= limit,
    )


def _of_calls(shape: Shape, calls: Mapping[str, Any]) -> Iterator[Bar]:
    cold = sum(writes for _, writes in calls["cold up"].values())
    yield Bar(
        "writes of a cold up, each object",
        f"at most {WRITES_AN_OBJECT}",
        f"{cold / shape.resources:.2f} ({cold} for {shape.resources} objects)",
        cold <= WRITES_AN_OBJECT * shape.resources,
    )
    for phase in ("no-op up", "refresh"):
        writes = sum(writes for _, writes in calls[phase].values())
        yield Bar(f"writes of a {phase}", "0", str(writes), writes == 0)
    numbers = {
        "work_pools": shape.pools,
        "variables": shape.variables,
        "flows": shape.flows,
        "deployments": shape.deployments,
    }
    reads = {kind: calls["refresh"].get(kind, (0, 0))[0] for kind in numbers}
    allowed = {kind: reads_allowed(number) for kind, number in numbers.items()}
    yield Bar(
        "reads of a refresh, each kind",
        f"⌈n/{PAGE}⌉ + 2: " + ", ".join(f"{v} {k}" for k, v in allowed.items()),
        ", ".join(f"{v} {k}" for k, v in reads.items()),
        all(reads[kind] <= allowed[kind] for kind in numbers)
        and not calls["refresh"].keys() - numbers.keys(),
    )


def _over_tofu(shape: Shape, ours: Mapping[str, Any], tofu: Any) -> Iterator[Bar]:
    wanted = {**_OVER_TOFU, "refresh": refresh_over_tofu(shape.deployments)}
    for phase, times in wanted.items():
        what = f"{phase} against OpenTofu"
        if isinstance(tofu, str):
            yield Bar(what, f"{times} times faster", tofu, None)
        else:
            theirs = tofu[phase]["seconds"]
            yield faster(what, times, ours[phase]["seconds"], theirs)


def _over_late_tofu(result: Mapping[str, Any]) -> Iterator[Bar]:
    for phase in ("cold up", "destroy", "refresh"):
        yield faster(
            f"{phase} against OpenTofu, at {result['latency'] * 1000:.0f} ms a call",
            _OVER_LATE_TOFU,
            result["slow"][phase]["seconds"],
            result["slow_tofu"][phase]["seconds"],
        )


def faster(what: str, times: float, ours: float, theirs: float) -> Bar:
    """Compare two times."""
    return Bar(
        what,
        f"{times} times faster",
        f"{theirs / ours:.1f} times ({ours:.1f} s against {theirs:.1f} s)",
        theirs >= times * ours,
    )


def linear(results: Mapping[int, Mapping[str, Any]]) -> Bar | None:
    """Compare the cold times of 100 and 1,000 deployments, where both are known."""
    if any("ours" not in results.get(number, {}) for number in (100, 1000)):
        return None
    small, large = (results[n]["ours"]["cold up"]["seconds"] for n in (100, 1000))
    return Bar(
        "cold up of 1,000 deployments against that of 100",
        f"at most {LINEAR_TIMES} times",
        f"{large / small:.1f} times ({large:.1f} s against {small:.1f} s)",
        large <= LINEAR_TIMES * small,
    )
