"""What the rounds of `bench.prefect_scale` say, as a section of docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.bars import Bar, bars, linear
from bench.deployments import Shape
from bench.sections import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PEERS = {
    "ours": "flowground",
    "floor": "HTTP floor",
    "engine": "engine alone, no checkpoints",
    "checkpoints": "engine alone, with checkpoints",
    "deploy": "`prefect deploy --all`",
    "tofu": "OpenTofu",
}
_SIDES = {"create": "cold up", "read": "refresh", "delete": "destroy"}
_PHASES = ("cold up", "no-op up", "refresh", "one-change up", "destroy")


def section(results: Mapping[int, Mapping[str, Any]], notes: str) -> str:
    """Write all rounds, the smallest first, and the bars.

    Args:
        results: The rounds, by their number of deployments.
        notes: What a person has to say about them.
    """
    parts = [_intro()]
    parts += [_round(number, results[number]) for number in sorted(results)]
    whole = linear(results)
    if whole:
        parts.append(f"### Growth\n\n{_bars([whole])}")
    return "\n\n".join([*parts, notes.strip()])


def _intro() -> str:
    return (
        "## Prefect: N deployments\n\n"
        "`make bench` (its last part: `.venv/bin/python -m bench.prefect_scale`): 5 "
        "pools, 20 variables, 10 flows and N deployments of one (inactive) schedule "
        "each, by this checkout's program on the real engine, onto Prefect's own "
        "server on SQLite. Every `pulumi` command is run with `--skip-preview`, "
        "`PULUMI_SKIP_CHECKPOINTS=true` and a journal. CPU and memory are of the "
        "command and all that it starts, memory added up over the processes.\n\n"
        f"Machine: {machine()}."
    )


def machine() -> str:
    """Name the processor, its cores and the memory."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in info.splitlines()]
    names = [
        m
        for m, line in zip(models, info.splitlines(), strict=True)
        if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {names[0] if names else platform.machine()}, "
        f"{memory:.0f} GiB, Linux {platform.release()}, Python "
        f"{platform.python_version()}"
    )


def _round(number: int, result: Mapping[str, Any]) -> str:
    shape = Shape(number)
    begun, ended = result["load"]
    head = (
        f"### {number:,} deployments\n\n"
        f"{shape.resources:,} resources, {shape.objects:,} objects with schedules; "
        f"{result['date']}, load average {begun} at the start and {ended} at the end."
    )
    parts = [head, table(["seconds", *_PHASES], _times(result))]
    if "ours" in result:
        parts.append(_costs(result["ours"]))
    if "calls" in result:
        parts.append(_calls(result))
    parts.append(_bars(list(bars(shape, result))))
    return "\n\n".join(parts)


def _times(result: Mapping[str, Any]) -> Iterator[list[str]]:
    for part, title in _PEERS.items():
        found = result.get(part)
        if isinstance(found, str):
            yield [title, found, *("" for _ in _PHASES[1:])]
        elif found:
            if part == "floor":
                found = {_SIDES[side]: {"seconds": s} for side, s in found.items()}
            by = (
                ", counted by the proxy"
                if part == "ours" and "proxied" in result
                else ""
            )
            yield [f"{title}{by}", *(_seconds(found.get(phase)) for phase in _PHASES)]
    if result.get("latency"):
        late = f"with {result['latency'] * 1000:.0f} ms a call"
        slow = {phase: result["slow"][phase] for phase in _PHASES}
        yield [f"flowground, {late}", *(_seconds(slow[phase]) for phase in _PHASES)]
        floor = {_SIDES[s]: {"seconds": t} for s, t in result["slow_floor"].items()}
        yield [f"HTTP floor, {late}", *(_seconds(floor.get(p)) for p in _PHASES)]
        if theirs := result.get("slow_tofu"):
            yield [f"OpenTofu, {late}", *(_seconds(theirs[p]) for p in _PHASES)]


def _costs(ours: Mapping[str, Any]) -> str:
    shown = [phase for phase in (*_PHASES, "preview") if phase in ours]
    rows = [
        ["CPU, s", *(f"{ours[phase]['cpu']:.1f}" for phase in shown)],
        ["peak memory, MiB", *(f"{ours[phase]['peak']:.0f}" for phase in shown)],
        ["first output, s", *(f"{ours[phase]['first']:.1f}" for phase in shown)],
    ]
    return table(["flowground", *shown], rows)


def _calls(result: Mapping[str, Any]) -> str:
    rows = []
    for phase, calls in result["calls"].items():
        told = [f"{kind} {reads}/{writes}" for kind, (reads, writes) in calls.items()]
        refused = result["slow"][phase]["refused"]
        rows.append([phase, ", ".join(told) or "none", str(refused)])
    heads = ["calls, reads/writes", "by kind", "of them answered 503 by SQLite"]
    return table(heads, rows)


def _seconds(cost: Mapping[str, Any] | None) -> str:
    return "—" if cost is None else f"{cost['seconds']:.1f}"


def _bars(found: list[Bar]) -> str:
    said = {True: "met", False: "**missed**", None: "not measured"}
    rows = [[bar.what, bar.limit, bar.measured, said[bar.met]] for bar in found]
    return table(["bar", "limit", "measured", ""], rows)
