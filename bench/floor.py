"""The HTTP floor: one writer that posts the same bodies over one kept connection.

    .venv/bin/python -m bench.floor URL [--deployments 100]

Nothing that keeps a stack can be faster with one connection: no engine, no state, no
look at what is there. The bodies are those that flowground's kinds write, by the very
functions that they write them with. On SQLite more connections do not help: the server
has one writer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self

import httpx

from bench.deployments import Shape
from components.prefect.deployment_model import DeploymentArgs, limit_to_wire, to_wire
from components.prefect.flow import FlowArgs
from components.prefect.flow import to_wire as flow_to_wire
from components.prefect.schedule import to_wire as schedule_to_wire
from components.prefect.variable import VariableArgs
from components.prefect.variable import to_wire as variable_to_wire
from components.prefect.work_pool import WorkPoolArgs
from components.prefect.work_pool import to_wire as pool_to_wire

# What SQLite's one writer makes the server answer; see the module.
RETRY_SECONDS: Final = 0.1
LISTS: Final = ("work_pools", "variables", "flows", "deployments")
_PAGE: Final = 200


def deployment_body(args: DeploymentArgs) -> dict[str, Any]:
    """Write the body by which flowground makes a deployment."""
    return {
        "flow_id": str(args.flow_id),
        "name": args.name,
        "labels": args.labels,
        "schedules": [schedule_to_wire(schedule) for schedule in args.schedules],
        **to_wire(args),
        **limit_to_wire(args),
    }


class Floor:
    """One connection to a server, and what was made over it."""

    def __init__(self, url: str, shape: Shape) -> None:
        self._shape = shape
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._made: list[str] = []
        self.requests = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def create(self) -> float:
        """Post everything, and return how long it took."""
        start = time.perf_counter()
        for path, body in self._independent():
            made = self._send("POST", path, body)
            name = made["name"] if path == "/work_pools/" else made["id"]
            self._made.append(f"{path}{name}")
        flows = {
            name: self._send("POST", "/flows/", body)["id"]
            for name, body in self._flows()
        }
        self._made += [f"/flows/{id_}" for id_ in flows.values()]
        for body in self._deployments(flows):
            made = self._send("POST", "/deployments/", body)
            self._made.append(f"/deployments/{made['id']}")
        return time.perf_counter() - start

    def read(self) -> float:
        """Read everything by as few list calls as the server allows."""
        start = time.perf_counter()
        for kind in LISTS:
            offset = 0
            while True:
                page = {"limit": _PAGE, "offset": offset}
                if len(self._send("POST", f"/{kind}/filter", page)) < _PAGE:
                    break
                offset += _PAGE
        return time.perf_counter() - start

    def delete(self) -> float:
        """Delete what was made, the last first, and return how long it took."""
        start = time.perf_counter()
        while self._made:
            self._send("DELETE", self._made.pop())
        return time.perf_counter() - start

    def _independent(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, pool in self._shape.work_pools.items():
            yield "/work_pools/", pool_to_wire(WorkPoolArgs(name=name, **pool))
        for name, value in self._shape.values.items():
            body = variable_to_wire(VariableArgs(name=name, **value))
            yield "/variables/", body

    def _flows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._shape.flow_names:
            tags = frozenset({"bench"})
            yield name, flow_to_wire(FlowArgs(name=name, tags=tags))

    def _deployments(self, flows: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        entries = self._shape.settings()["deployments"]
        for name, entry in entries.items():
            given = {**entry["deployment"], "flow_id": flows[entry["flow"]]}
            args = DeploymentArgs.model_validate({**given, "name": name})
            yield deployment_body(args)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        while True:
            self.requests += 1
            answer = self._http.request(
                method, path, json=body if method == "POST" else None
            )
            if answer.status_code != 503:
                answer.raise_for_status()
                return answer.json() if answer.content else None
            time.sleep(RETRY_SECONDS)


def main() -> int:
    """Make everything, read it and delete it; print how long each took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", help="the server's API")
    parser.add_argument("--deployments", type=int, default=100)
    options = parser.parse_args()
    with Floor(options.url, Shape(options.deployments)) as floor:
        took = {
            "create": floor.create(),
            "read": floor.read(),
            "delete": floor.delete(),
            "requests": floor.requests,
        }
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
