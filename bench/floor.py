"""The HTTP floor: one writer that posts the same bodies over one kept connection.

    .venv/bin/python -m bench.floor URL BODIES

Nothing that keeps a stack can be faster with one connection: no engine, no state, no
look at what is there. The bodies are those that flowground really sent, as the proxy of
`bench.prefect_scale` recorded them. On SQLite more connections do not help: the server
has one writer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import httpx

from bench.counting import PAGE

# What SQLite's one writer makes the server answer; see the module.
RETRY_SECONDS: Final = 0.1
LISTS: Final = ("work_pools", "variables", "flows", "deployments")
_FLOWS: Final = "/flows/"


class Post(NamedTuple):
    """A body that makes an object; a deployment's names its flow by `flow_id`."""

    path: str
    body: dict[str, Any]


def naming(posts: Sequence[Post], flows: Mapping[str, str]) -> list[Post]:
    """Put the flow's name in place of its id, which is another one each time.

    Args:
        posts: What was sent.
        flows: The flows' names by id, as they were then.
    """
    named = [
        Post(
            path,
            body | {"flow_id": flows[body["flow_id"]]} if "flow_id" in body else body,
        )
        for path, body in posts
    ]
    # Flows go first, and what is retried is sent once.
    unique = {json.dumps(post): post for post in named}.values()
    return sorted(unique, key=lambda post: "flow_id" in post.body)


class Floor:
    """One connection to a server, and what was made over it."""

    def __init__(self, url: str, posts: Sequence[Post]) -> None:
        self._posts = posts
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._made: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def create(self) -> float:
        """Post everything, and return how long it took, in seconds."""
        start = time.perf_counter()
        flows: dict[str, str] = {}
        for path, body in self._posts:
            if "flow_id" in body:
                body = body | {"flow_id": flows[body["flow_id"]]}  # noqa: PLW2901  # its id now
            made = self._send("POST", path, body)
            if path == _FLOWS:
                flows[made["name"]] = made["id"]
            named = "name" if path == "/work_pools/" else "id"
            self._made.append(f"{path}{made[named]}")
        return time.perf_counter() - start

    def read(self) -> float:
        """Read everything by as few list calls as the server allows."""
        start = time.perf_counter()
        for kind in LISTS:
            offset = 0
            page = {"limit": PAGE, "offset": offset}
            while len(self._send("POST", f"/{kind}/filter", page)) == PAGE:
                offset += PAGE
                page = {"limit": PAGE, "offset": offset}
        return time.perf_counter() - start

    def delete(self) -> float:
        """Delete what was made, the last first, and return how long it took."""
        start = time.perf_counter()
        while self._made:
            self._send("DELETE", self._made.pop())
        return time.perf_counter() - start

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        while True:
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
    parser.add_argument("url", help="the API of an empty server")
    parser.add_argument("bodies", type=Path, help="a JSON list of [path, body]")
    options = parser.parse_args()
    posts = [Post(*one) for one in json.loads(options.bodies.read_text())]
    with Floor(options.url, posts) as floor:
        took = {
            "create": floor.create(),
            "read": floor.read(),
            "delete": floor.delete(),
        }
    print(json.dumps(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
