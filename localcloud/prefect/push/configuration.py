"""A run's job configuration: Prefect's own rendering of a pool's template."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from prefect.workers.base import BaseJobConfiguration
from pydantic import ConfigDict

from localcloud.prefect.push.report import EXECUTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, WorkPool


class PushConfiguration(BaseJobConfiguration):
    """What any hosted pool's template renders to; each type has more fields."""

    model_config = ConfigDict(extra="allow")

    @classmethod
    def _base_environment(cls) -> dict[str, str]:
        """Give runs none of this process's own settings."""
        return {}

    @staticmethod
    def _base_flow_run_command() -> str:
        return ""

    @classmethod
    async def of(
        cls, flow_run: FlowRun, pool: WorkPool, client: PrefectClient
    ) -> PushConfiguration:
        """Render a pool's template for a run, as Prefect's workers do."""
        return await cls.resolve_for_flow_run(
            flow_run, client=client, work_pool=pool, worker_name=EXECUTOR
        )

    @property
    def settings(self) -> dict[str, Any]:
        """The fields that only the pool's type has."""
        return dict(self.model_extra or {})

    @property
    def seconds(self) -> float | None:
        """After how long the run is ended; None for never."""
        settings = self.settings
        limit = settings.get("timeout") or settings.get("job_watch_timeout_seconds")
        return None if limit is None else float(limit)

    @property
    def packages(self) -> Sequence[str]:
        """What managed pools install before the flow runs."""
        return list(self.settings.get("pip_packages") or ())

    def arguments(self, python: str) -> Sequence[str]:
        """Return the command that the run is."""
        if not self.command:
            return (python, "-m", "prefect.engine")
        return shlex.split(self.command)
