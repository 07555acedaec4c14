"""One flow run of a hosted pool, from Scheduled to its end."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.prefect.account import keys
from localcloud.prefect.push import credentials
from localcloud.prefect.push.configuration import PushConfiguration
from localcloud.prefect.push.image import Image
from localcloud.prefect.push.process import RunProcess
from localcloud.prefect.push.report import Report, reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, WorkPool
    from prefect.runner._control_channel import ControlChannel

    from localcloud.prefect.account.store import Store

SHOWN_OUTPUT = 4000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """What the runs of one workspace share.

    Attributes:
        store: Where their keys are made.
        workspace: The workspace's id.
        addresses: The variables that lead a client to it.
        control: Tells a run's process that it is ended on purpose: it then calls the
            flow's `on_cancellation` hooks, and does not report a crash.
        folder: Where each has a folder of its own. It is there until the end of the run
            is told: what an executor leaves behind, the next one settles.
    """

    store: Store
    workspace: str
    addresses: Mapping[str, str]
    control: ControlChannel
    folder: Path


class Job:
    """A flow run that the executor has taken."""

    def __init__(self, client: PrefectClient, place: Place) -> None:
        self._client = client
        self._place = place
        self._process: RunProcess | None = None
        self.is_cancelled = False

    async def execute(self, flow_run: FlowRun, pool: WorkPool) -> None:
        """Take a scheduled run through to its end."""
        report = Report(self._client, flow_run.id)
        image = Image(self._place.folder / str(flow_run.id))
        if not await report.claim():
            return
        key = keys.issue_for_run(self._place.store, self._place.workspace)
        try:
            code = await self._run(flow_run, pool, image, key["key"], report)
            await self._conclude(code, image, report)
        except Exception as error:  # whatever it is, the run must not seem to wait
            log.exception("run %s could not be run", flow_run.id)
            await report.crashed(f"The run could not be started: {reason(error)}.")
        finally:
            self._place.control.unregister(flow_run.id)
            self._place.store.delete("run_keys", key["id"])
        await asyncio.to_thread(image.remove)

    async def cancel(self, run_id: UUID) -> None:
        """End the run because somebody asked for it."""
        self.is_cancelled = True
        if self._process is not None:
            await self._place.control.signal(run_id, "cancel")
            await self._process.end()

    async def _run(
        self,
        flow_run: FlowRun,
        pool: WorkPool,
        image: Image,
        key: str,
        report: Report,
    ) -> int | None:
        """Run it in its image; return the code that it ended with, None if too late."""
        configuration = await PushConfiguration.of(flow_run, pool, self._client)
        said = await credentials.check(pool.type, pool.name, configuration.settings)
        await report.say(f"Work pool '{pool.name}' ({pool.type}) runs this. {said}")
        await asyncio.to_thread(image.make)
        rendered = {k: v for k, v in configuration.env.items() if v is not None}
        connection = {**self._place.addresses, "PREFECT_API_KEY": key}
        port, token = self._place.control.register(flow_run.id)
        control = {
            "PREFECT__CONTROL_PORT": str(port),
            "PREFECT__CONTROL_TOKEN": token,
            # They are called by the run's own process, which is told to.
            "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "true",
        }
        environment = image.environment({**connection, **control, **rendered})
        commands = [configuration.arguments(str(image.python))]
        if packages := configuration.packages:
            commands.insert(0, (str(image.python), "-m", "pip", "install", *packages))
        code: int | None = 0
        for command in commands:
            if self.is_cancelled:
                break
            self._process = await RunProcess.start(
                command, environment, image.work, image.output
            )
            await self._client.update_flow_run(
                flow_run.id, infrastructure_pid=str(self._process.pid)
            )
            code = await self._process.wait(configuration.seconds)
            if code != 0:
                break
        return code

    async def _conclude(self, code: int | None, image: Image, report: Report) -> None:
        """Say how the run ended, where it cannot have said so itself."""
        if self.is_cancelled:
            await report.cancelled()
        elif code is None:
            await report.crashed("The run took longer than its pool's timeout.")
        elif code != 0:
            how = f"by signal {-code}" if code < 0 else f"with code {code}"
            output = image.output.read_text(errors="replace")[-SHOWN_OUTPUT:]
            await report.crashed(f"The run's process ended {how}.", output)
