"""The local services that a tortured stack lives on, and their violent ends."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import modal_plane
from tests.support.github import LocalGithub, Project
from tests.support.localcloud import LocalCloud, Workspace
from tests.support.s3_plane import LocalS3
from tests.support.waiting import until
from tests.torture.faults import AWS, GITHUB, MODAL, PREFECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Services:
    """One workspace of Prefect, one of Modal, one repository and one AWS account."""

    cloud: LocalCloud
    workspace: Workspace
    plane: modal_plane.RunningPlane
    github: LocalGithub
    project: Project
    s3: LocalS3

    def url(self, line: str) -> str:
        """Return where a service listens."""
        return {
            PREFECT: self.cloud.cloud_api_url.removesuffix("/api"),
            GITHUB: self.github.url,
            MODAL: self.plane.grpc_url,
            AWS: self.s3.url,
        }[line]

    def restart(self, line: str) -> None:
        """End a service by `kill -9`, and start it again on the state it had."""
        if line == PREFECT:
            before = self._front()
            os.kill(before["pid"], signal.SIGKILL)
            until(lambda: self._is_back(before), 90, what="Prefect's restart")
        elif line == MODAL:
            self.plane.kill()
            self.plane = modal_plane.start(self.plane.state_dir)
        else:
            service = self.github if line == GITHUB else self.s3
            service.kill()
            service.up()

    def _front(self) -> dict[str, Any]:
        process: dict[str, Any] = self._record()["process"]
        return process

    def _is_back(self, before: dict[str, Any]) -> bool:
        record = self._record()
        return record["phase"] == "ready" and record["process"] != before

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = self.cloud.run_record()["services"]["prefect"]
        return record


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Services]:
    """Run all services, with nothing in them."""
    with (
        LocalCloud.start(folder) as cloud,
        cloud.workspace() as workspace,
        LocalGithub.start(folder) as github,
        LocalS3.start(folder) as s3,
    ):
        plane = modal_plane.start(folder / "modal")
        services = Services(cloud, workspace, plane, github, github.project(), s3)
        try:
            yield services
        finally:
            services.plane.stop()
