"""One workspace: ask its hosted pools for runs that are due, and start each."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.runner._control_channel import ControlChannel

from localcloud.prefect.account import keys
from localcloud.prefect.push.job import Job, Place
from localcloud.prefect.push.pools import is_hosted
from localcloud.prefect.push.report import API_ERRORS, EXECUTOR, Report

if TYPE_CHECKING:
    from pathlib import Path

    from prefect.client.schemas.objects import WorkPool

    from localcloud.prefect.account.store import Row, Store

log = logging.getLogger(__name__)

POLL_SECONDS = 2
POOLS_SECONDS = 3
HEARTBEAT_SECONDS = 30
PAGE = 200
STOPPED = "The local cloud was stopped while it ran this; run it again."


class Dispatcher:
    """Runs what a workspace's push and managed pools are given.

    Args:
        store: The account's state.
        workspace: The workspace.
        address: The front's address.
        folder: Where the workspace's runs have their folders.
    """

    def __init__(
        self, store: Store, workspace: Row, address: str, folder: Path
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._folder = folder
        account = f"{address}/api/accounts/{workspace['account_id']}"
        addresses = {
            "PREFECT_CLOUD_API_URL": f"{address}/api",
            "PREFECT_CLOUD_UI_URL": address,
            "PREFECT_API_URL": f"{account}/workspaces/{workspace['id']}",
        }
        self._jobs: dict[UUID, tuple[Job, asyncio.Task[None]]] = {}
        self._place = Place(store, workspace["id"], addresses, ControlChannel(), folder)
        self._pools: list[WorkPool] = []
        self._pools_read = -float("inf")
        self._heard: dict[str, float] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a run is running."""
        return any(not task.done() for _, task in self._jobs.values())

    async def serve(self) -> None:
        """Serve until cancelled, which ends the runs that are running."""
        key = keys.issue_for_run(self._store, self._workspace["id"])
        url = self._place.addresses["PREFECT_API_URL"]
        try:
            async with (
                PrefectClient(url, api_key=key["key"]) as client,
                self._place.control,
            ):
                try:
                    await self._loop(client)
                finally:
                    await self._abandon()
        finally:
            self._store.delete("run_keys", key["id"])

    async def _loop(self, client: PrefectClient) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        settled = False
        while True:
            try:
                if not settled:
                    await self._settle_what_was_left(client)
                    settled = True
                await self._look(client)
            except API_ERRORS as error:
                log.warning("workspace %s: %s", self._workspace["handle"], error)
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self, client: PrefectClient) -> None:
        """Start what is due, and end what is to be cancelled."""
        for run_id, (_, task) in list(self._jobs.items()):
            if task.done():
                del self._jobs[run_id]
        if time.monotonic() - self._pools_read > POOLS_SECONDS:
            self._pools = await _hosted_pools(client)
            self._pools_read = time.monotonic()
        for pool in self._pools:
            await self._keep_ready(client, pool)
            for due in await client.get_scheduled_flow_runs_for_work_pool(
                pool.name, scheduled_before=datetime.now(UTC)
            ):
                run = due.flow_run
                if run.id not in self._jobs:
                    job = Job(client, self._place)
                    task = asyncio.create_task(job.execute(run, pool))
                    self._jobs[run.id] = job, task
        await self._cancel(client)

    async def _keep_ready(self, client: PrefectClient, pool: WorkPool) -> None:
        """Let the server show the pool as ready, as such pools always are."""
        if time.monotonic() - self._heard.get(pool.name, -HEARTBEAT_SECONDS) < (
            HEARTBEAT_SECONDS
        ):
            return
        await client.send_worker_heartbeat(
            pool.name, EXECUTOR, heartbeat_interval_seconds=HEARTBEAT_SECONDS
        )
        self._heard[pool.name] = time.monotonic()

    async def _cancel(self, client: PrefectClient) -> None:
        """End the running runs that somebody wants cancelled."""
        running = [id_ for id_, (job, _) in self._jobs.items() if not job.is_cancelled]
        if not running:
            return
        cancelling = FlowRunFilterStateType(any_=[StateType.CANCELLING])
        wanted = FlowRunFilter(
            id=FlowRunFilterId(any_=running), state=FlowRunFilterState(type=cancelling)
        )
        for run in await client.read_flow_runs(flow_run_filter=wanted):
            await self._jobs[run.id][0].cancel(run.id)

    async def _settle_what_was_left(self, client: PrefectClient) -> None:
        """Crash the runs whose processes ended with an earlier executor."""
        for folder in sorted(self._folder.iterdir()):
            await Report(client, UUID(folder.name)).crashed(STOPPED)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _abandon(self) -> None:
        """End what runs; the next executor says so to the server."""
        tasks = [task for _, task in self._jobs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hosted_pools(client: PrefectClient) -> list[WorkPool]:
    """Read all pages of the workspace's pools, and keep those that need no worker."""
    pools: list[WorkPool] = []
    while True:
        page = await client.read_work_pools(limit=PAGE, offset=len(pools))
        pools += page
        if len(page) < PAGE:
            return [pool for pool in pools if is_hosted(pool.type)]
