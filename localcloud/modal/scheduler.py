"""Start containers where inputs wait, and end those that take too long."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from localcloud.modal import apps, function_metadata, inputs
from localcloud.modal.containers import Container

if TYPE_CHECKING:
    from localcloud.modal.plane import Plane

log = logging.getLogger(__name__)

# Time-outs, delayed retries and missed signals are noticed this late at most.
TICK = 1.0
# `modal.App.function`'s own default.
TIMEOUT = 300.0
STOP_GRACE = 10.0


class Scheduler:
    """The loop that owns all containers."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Schedule until cancelled; then end all containers."""
        inputs.release_all(self._plane)
        # What containers of a killed control plane left behind.
        folders = self._plane.settings.state_dir / "tasks"
        await asyncio.to_thread(shutil.rmtree, folders, ignore_errors=True)
        try:
            while True:
                try:
                    self._retire()
                    self._time_out()
                    self._start()
                except Exception:
                    # One app that cannot be scheduled must not stop all others.
                    log.exception("scheduling failed")
                await self._wait(TICK if self._busy() else None)
        finally:
            self._plane.closing = True
            for container in self._plane.containers.values():
                container.draining = True
                container.kill()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _wait(self, seconds: float | None) -> None:
        events = [
            asyncio.create_task(self._plane.signals.wait(key))
            for key in ("inputs", "containers")
        ]
        await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for event in events:
            event.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await event

    def _busy(self) -> bool:
        unfinished = "SELECT 1 FROM inputs WHERE state <> 'done' LIMIT 1"
        return bool(self._plane.containers or self._plane.store.value(unfinished))

    def _spawn(self, container: Container) -> None:
        self._plane.containers[container.task_id] = container
        self._keep(asyncio.create_task(container.run()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _waiting(self) -> dict[str, int]:
        """Return how many inputs wait for each function."""
        rows = self._plane.store.all(
            "SELECT function_id, count(*) AS number FROM inputs JOIN calls "
            "ON calls.id = call_id WHERE state='waiting' AND not_before <= ? "
            "GROUP BY function_id",
            time.time(),
        )
        return {row["function_id"]: row["number"] for row in rows}

    def _start(self) -> None:
        ready = self._waiting()
        if ready:
            # A delayed retry becomes ready by the clock alone: nobody signals that.
            self._plane.signals.fire("inputs")
        for function_id, waiting in ready.items():
            function = function_metadata.definition(self._plane.store, function_id)
            slots = max(1, function.max_concurrent_inputs, function.batch_max_size)
            running = [
                container
                for container in self._plane.containers.values()
                if container.function_id == function_id and not container.draining
            ]
            free = sum(slots - self._claimed(one.task_id) for one in running)
            limit = (
                function.autoscaler_settings.max_containers
                or function.concurrency_limit
                or self._plane.settings.max_containers
            )
            missing = -(-max(0, waiting - free) // slots)
            for _ in range(min(missing, max(0, limit - len(running)))):
                if len(self._plane.containers) >= self._plane.settings.max_containers:
                    return
                self._spawn(Container(self._plane, function_id))

    def _claimed(self, task_id: str) -> int:
        count: int = self._plane.store.value(
            "SELECT count(*) FROM inputs WHERE task_id=? AND state='claimed'", task_id
        )
        return count

    def _retire(self) -> None:
        """End containers of stopped apps; let those of old versions run out."""
        for container in list(self._plane.containers.values()):
            row = self._plane.store.one(
                "SELECT apps.state, apps.version FROM apps JOIN objects "
                "ON objects.app_id = apps.id WHERE objects.id=?",
                container.function_id,
            )
            if container.draining:
                continue
            if row is None or row["state"] == apps.STOPPED:
                self._keep(asyncio.create_task(container.stop(STOP_GRACE)))
            elif row["version"] != container.app_version:
                container.draining = True
                self._plane.signals.fire("inputs")
        self._end_calls_of_stopped_apps()

    def _end_calls_of_stopped_apps(self) -> None:
        rows = self._plane.store.all(
            "SELECT inputs.id FROM inputs JOIN calls ON calls.id = call_id "
            "JOIN objects ON objects.id = function_id "
            "JOIN apps ON apps.id = objects.app_id "
            "WHERE inputs.state='waiting' AND apps.state=?",
            apps.STOPPED,
        )
        result = api_pb2.GenericResult(
            status=api_pb2.GenericResult.GENERIC_STATUS_TERMINATED,
            exception="The app was stopped.",
        )
        for row in rows:
            item = api_pb2.FunctionPutOutputsItem(result=result)
            inputs.finish(self._plane, row["id"], item)

    def _time_out(self) -> None:
        """End containers whose input has run longer than its function allows."""
        rows = self._plane.store.all(
            "SELECT inputs.id, inputs.task_id, claimed_at, function_id, cancelled "
            "FROM inputs JOIN calls ON calls.id = call_id WHERE state='claimed'"
        )
        for row in rows:
            function = function_metadata.definition(
                self._plane.store, row["function_id"]
            )
            limit = float(function.timeout_secs or TIMEOUT)
            container = self._plane.containers.get(row["task_id"])
            if row["cancelled"] > 1 and container:
                self._keep(asyncio.create_task(container.stop(STOP_GRACE)))
            if time.time() - row["claimed_at"] < limit:
                continue
            result = api_pb2.GenericResult(
                status=api_pb2.GenericResult.GENERIC_STATUS_TIMEOUT,
                exception=f"Task's current input hit its timeout of {limit:.0f}s",
            )
            item = api_pb2.FunctionPutOutputsItem(result=result)
            inputs.finish(self._plane, row["id"], item)
            if container:
                container.draining = True
                container.kill()
