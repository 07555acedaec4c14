"""The peer `prefect deploy --all`: the same deployments, by Prefect's own command."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import httpx

from bench.floor import LISTS
from bench.prefect_server import PREFECT, environment
from bench.processes import Cost, measured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.deployments import Shape


class Deployed(NamedTuple):
    """What deploying took: onto an empty server, and again."""

    cold: Cost
    again: Cost


def deploy(folder: Path, shape: Shape, url: str) -> Deployed:
    """Deploy twice, into pools that are there already; leave nothing behind.

    Args:
        folder: An empty folder.
        shape: What is deployed; the CLI makes neither its pools nor its variables.
        url: The server's API.
    """
    project = folder / "flows"
    shape.write_project(project)
    env = environment(folder) | {"PREFECT_API_URL": url}
    command = [PREFECT, "--no-prompt", "deploy", "--all"]
    with _pools(shape, url):
        cold = measured(command, cwd=project, env=env)
        return Deployed(cold, measured(command, cwd=project, env=env))


@contextlib.contextmanager
def _pools(shape: Shape, url: str) -> Iterator[None]:
    """Make the pools, and delete everything at the end."""
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        try:
            for name, pool in shape.work_pools.items():
                http.post("/work_pools/", json={"name": name, **pool})
            yield
        finally:
            empty(http)


def empty(http: httpx.Client) -> None:
    """Delete all objects of a server, the last made first."""
    for kind in reversed(LISTS):
        while found := http.post(f"/{kind}/filter", json={}).raise_for_status().json():
            for one in found:
                named = "name" if kind == "work_pools" else "id"
                http.delete(f"/{kind}/{one[named]}")
