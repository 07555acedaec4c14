"""`modal:VolumeFiles` against `modal volume put --force`: 1,000 files, local Modal.

    .venv/bin/python -m bench.volume_files [--files 1000] [--rounds 4] [--version 1|2]

Each time is a whole process, its start included: the shortest of all rounds, with its
CPU time, and the median. The two run one after the other, phase by phase, and take
turns in going first. What they call is counted in a round that is not timed,
through a proxy; contents go past it, by HTTP. The CLI puts the folder again in every
phase, and leaves there what the folder no longer has, for it knows no mirror. Exits
with 1 if the CLI is the faster in anything.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

from modal_proto import api_pb2

from bench.measure import Took, compare, count, run, seconds
from bench.results import Table
from tests.support.grpc_proxy import GrpcProxy
from tests.support.modal_plane import RunningPlane, running_plane
from tests.support.modal_raw import call

OURS, CLI = "flowground", "modal volume put"


class OnModal:
    """Both on one control plane, each with a volume and a folder of its own.

    Args:
        plane: The control plane.
        version: The volumes'.
        work: An empty folder.
        url: Where the control plane is reached.
    """

    def __init__(self, plane: RunningPlane, version: int, work: Path, url: str) -> None:
        self._work = work
        self._env = plane.env(MODAL_SERVER_URL=url)
        self._ids = {
            who: _make(plane, self.volume(who), version) for who in (OURS, CLI)
        }

    def volume(self, who: str) -> str:
        """Return one's volume."""
        return f"{self._work.name}-{'ours' if who == OURS else 'theirs'}"

    def folder(self, who: str) -> Path:
        """Return one's folder."""
        return self._work / self.volume(who)

    def sync(self, who: str) -> Took:
        """Have one of them make its volume what its folder is."""
        if who == OURS:
            return run("up", self._task, self._env)
        put = [sys.executable, "-m", "modal", "volume", "put", "--force", "--env=main"]
        return seconds([*put, self.volume(who), str(self.folder(who)), "/"], self._env)

    def refresh(self) -> Took:
        """Have ours look for drift."""
        return run("refresh", self._task, self._env)

    @property
    def _task(self) -> dict[str, Any]:
        place = {"environment_name": "main", "volume_id": self._ids[OURS]}
        return {
            "token": "modal:VolumeFiles",
            "resources": {"files": {**place, "mirrored": str(self.folder(OURS))}},
            "state": str(self._work / "state.json"),
        }


def _make(plane: RunningPlane, name: str, version: int) -> str:
    request = api_pb2.VolumeGetOrCreateRequest(
        deployment_name=name,
        environment_name="main",
        object_creation_type=api_pb2.OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS,
        version=api_pb2.VolumeFsVersion.ValueType(version),
    )
    return str(call(plane, "VolumeGetOrCreate", request).volume_id)


def main() -> int:
    """Measure, print, and return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--version", type=int, choices=(1, 2), default=1)
    parser.add_argument(
        "--write", action="store_true", help="to docs/benchmarks.md too"
    )
    options = parser.parse_args()
    title = f"{options.files} files to a Modal volume of version {options.version}"
    table = Table(title, (OURS, CLI))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_plane(Path(folder) / "modal") as plane,
        GrpcProxy(plane.grpc_url) as proxy,
    ):
        numbers = itertools.count()

        def rivals(url: str = plane.grpc_url) -> OnModal:
            work = Path(folder) / f"bench-{next(numbers)}"
            work.mkdir()
            return OnModal(plane, options.version, work, url)

        def calls() -> list[str]:
            made, proxy.calls[:] = [c.path for c in proxy.calls], []
            return made

        compare(table, rivals, options.files, options.rounds)
        count(table, rivals(proxy.url), options.files, calls)
    section = f"volume-files-v{options.version}"
    table.report(section, to_docs=options.write)
    return int(bool(table.missed()))


if __name__ == "__main__":
    sys.exit(main())
