"""One round of everything that is compared, on one server, at one size."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from bench import tofu
from bench.counting import SlowProxy, by_kind
from bench.engine import PHASES, EmptyStack, PrefectStack
from bench.floor import Floor, Post, naming
from bench.prefect_deploy import deploy

if TYPE_CHECKING:
    from pathlib import Path

    from bench.deployments import Shape
    from bench.processes import Cost

PARTS: Final = ("calls", "ours", "floor", "engine", "checkpoints", "deploy", "tofu")
# What is kept of a round, to be written down: JSON and nothing else.
Result = dict[str, Any]


def take(  # noqa: PLR0917  # six things that a round is made of
    result: Result,
    parts: list[str],
    work: Path,
    shape: Shape,
    url: str,
    latency: float,
) -> None:
    """Measure the parts that were asked for.

    Args:
        result: Where each is put once it was measured, whatever becomes of the next.
        parts: Which, in this order; see `PARTS`. `floor` posts what `calls` recorded.
        work: An empty folder.
        shape: The size.
        url: The API of an empty server, which is left empty.
        latency: What the proxy that counts adds to each call, in seconds.
    """
    load = round(os.getloadavg()[0], 1)
    result |= {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "load": [load, load]}
    for part in parts:
        print(f"{shape.deployments} deployments: {part}", flush=True)
        match part:
            case "ours":
                result[part] = _phases(PrefectStack(work / part, shape, url))
            case "calls":
                result |= _counted(work / part, shape, url, latency)
            case "floor":
                result[part] = _floor(url, result["posts"])
            case "engine" | "checkpoints":
                stack = EmptyStack(
                    work / part, shape.resources, checkpoints=part == "checkpoints"
                )
                result[part] = {
                    "cold up": _told(stack.run("up")),
                    "no-op up": _told(stack.run("up")),
                    "destroy": _told(stack.run("destroy")),
                }
            case "deploy":
                cold, again = deploy(work / part, shape, url)
                result[part] = {"cold up": _told(cold), "no-op up": _told(again)}
            case _:
                result |= _tofu(work, shape, url, latency)
        result["load"][1] = round(os.getloadavg()[0], 1)
        if "ours" not in parts and part == "calls" and not latency:
            # Once through the proxy has to do.
            result |= {"ours": result["slow"], "proxied": True}


def _phases(stack: PrefectStack) -> dict[str, Any]:
    return {phase: _told(stack.take(phase)) for phase in PHASES}


def _counted(work: Path, shape: Shape, url: str, latency: float) -> Result:
    """Take the stack through its phases behind the proxy, and the floor too."""
    calls: dict[str, Any] = {}
    slow: dict[str, Any] = {}
    posts: list[Post] = []
    with SlowProxy(url.removesuffix("/api"), latency) as proxy:
        # What is on this machine is taken for SQLite, and written to by one at a time;
        # a cloud is not, and so neither is what stands for it.
        away = proxy.url.replace("127.0.0.1", "127.1") if latency else proxy.url
        stack = PrefectStack(work, shape, f"{away}/api")
        for phase in PHASES:
            with proxy.recording() as made:
                slow[phase] = _told(stack.take(phase))
            calls[phase] = by_kind(made)
            slow[phase]["refused"] = sum(call.status == 503 for call in made)
            if not posts:
                posts = _posts(proxy, url)
        floor = _floor(f"{proxy.url}/api", posts) if latency else None
    return {
        "calls": calls,
        "slow": slow,
        "slow_floor": floor,
        "latency": latency,
        "posts": posts,
    }


def _tofu(work: Path, shape: Shape, url: str, latency: float) -> Result:
    """Take OpenTofu through its phases, and once more behind the proxy."""
    if reason := tofu.missing():
        return {"tofu": reason}

    def told(folder: Path, at: str) -> dict[str, Any]:
        return {p: _told(cost) for p, cost in tofu.phases(folder, shape, at).items()}

    direct = told(work / "tofu", url)
    if not latency:
        return {"tofu": direct}
    with SlowProxy(url.removesuffix("/api"), latency) as proxy:
        return {"tofu": direct, "slow_tofu": told(work / "late", f"{proxy.url}/api")}


def _posts(proxy: SlowProxy, url: str) -> list[Post]:
    """Return what made the objects, with the flows' names for their ids."""
    with httpx.Client(base_url=url, trust_env=False) as http:
        found = http.post("/flows/filter", json={}).raise_for_status().json()
    sent = [Post(path, json.loads(body)) for path, body in proxy.posted]
    return naming(sent, {flow["id"]: flow["name"] for flow in found})


def _floor(url: str, posts: list[Post]) -> dict[str, float]:
    with Floor(url, posts) as floor:
        return {
            "create": floor.create(),
            "read": floor.read(),
            "delete": floor.delete(),
        }


def _told(cost: Cost) -> dict[str, float | None]:
    return {
        "seconds": cost.seconds,
        "cpu": cost.cpu_seconds,
        "peak": cost.peak_mebibytes,
        "first": cost.first_output_seconds,
    }
