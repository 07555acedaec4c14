"""A container: Modal's own runtime in a local process, with all that its function asks.

The process is `python -m modal._container_entrypoint`, unmodified: it fetches inputs,
runs them and puts outputs over the same gRPC as every other client, authenticated by
a secret that only it was given. Secrets are its environment, volumes and buckets are
folders that `launcher.py` mounts for it alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from localcloud.modal import container_plan, inputs, logs
from localcloud.modal.container_plan import Plan
from localcloud.modal.seal import digest
from localcloud.modal.store import new_id

if TYPE_CHECKING:
    from localcloud.modal.plane import Plane

log = logging.getLogger(__name__)

LAUNCHER = Path(__file__).with_name("launcher.py")
ENTRYPOINT = ("-m", "modal._container_entrypoint")
# Modal gives a container 30 s from SIGTERM to SIGKILL.
GRACE = 30.0
INIT_FAILURE = api_pb2.GenericResult.GENERIC_STATUS_INIT_FAILURE
INTERNAL_FAILURE = api_pb2.GenericResult.GENERIC_STATUS_INTERNAL_FAILURE
TERMINATED = api_pb2.GenericResult.GENERIC_STATUS_TERMINATED
LOG_LINE_LIMIT = 1024 * 1024


class Container:
    """One running container; `run` lasts as long as its process."""

    def __init__(self, plane: Plane, function_id: str) -> None:
        self.task_id = new_id("ta")
        self.function_id = function_id
        self.draining = False
        """No more inputs: the app has a new version, or is stopped."""
        self.asked = False
        """Whether it has ever asked for inputs, which means that it could start."""
        self._plane = plane
        self._folder = plane.settings.state_dir.resolve() / "tasks" / self.task_id
        self._process: asyncio.subprocess.Process | None = None
        self._secret = secrets.token_urlsafe(24)
        self.plan: Plan | None = None
        self.app_version: int = plane.store.value(
            "SELECT version FROM apps JOIN objects ON objects.app_id = apps.id "
            "WHERE objects.id=?",
            function_id,
        )
        plane.store.run(
            "INSERT INTO tasks (id, function_id, secret_hash, state, created_at, "
            "app_version) VALUES (?, ?, ?, 'starting', ?, ?)",
            self.task_id,
            function_id,
            digest(self._secret),
            plane.store.stamp(),
            self.app_version,
        )

    async def run(self) -> None:
        """Start the process, wait for its end, and account for what it left."""
        try:
            result = await self._run()
        except Exception as error:
            log.exception("container %s failed", self.task_id)
            result = _failure(INIT_FAILURE, f"The container could not start: {error}")
        finally:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        store = self._plane.store
        with store.transaction():
            store.run(
                "UPDATE tasks SET state='finished', finished_at=? WHERE id=?",
                store.stamp(),
                self.task_id,
            )
            if not self._plane.closing:
                inputs.fail_claimed(self._plane, self.task_id, result)
            if not self.asked and not self.draining:
                inputs.fail_waiting(self._plane, self.function_id, result)
        self._plane.containers.pop(self.task_id, None)
        self._plane.signals.fire("inputs")
        self._plane.signals.fire(f"logs {self._app_id()}")

    async def _run(self) -> api_pb2.GenericResult:
        self._folder.mkdir(parents=True, mode=0o700)
        plan = self.plan = container_plan.make(self._plane, self, self._folder)
        await asyncio.to_thread(plan.prepare)
        plan_file = self._folder / "plan.json"
        plan_file.write_text(
            json.dumps(
                {
                    "parent": os.getpid(),
                    "stage": str(self._folder / "stage"),
                    "binds": plan.binds,
                    "cwd": plan.cwd,
                    "argv": [str(self._plane.settings.python), *ENTRYPOINT],
                }
            )
        )
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(LAUNCHER),
            str(plan_file),
            env=plan.environment | {"MODAL_OVERRIDE_HEADERS": self._headers()},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LOG_LINE_LIMIT,
            start_new_session=True,
        )
        self._plane.store.run(
            "UPDATE tasks SET state='active', pid=? WHERE id=?",
            self._process.pid,
            self.task_id,
        )
        last_words = await self._drain(self._process)
        code = await self._process.wait()
        self._signal(signal.SIGKILL)  # children that outlived the container
        if self.draining or code == -signal.SIGTERM:
            return _failure(TERMINATED, "The container was stopped.")
        msg = f"The container ended with exit code {code}. {last_words}".strip()
        return _failure(INTERNAL_FAILURE if self.asked else INIT_FAILURE, msg)

    def _headers(self) -> str:
        return f"x-modal-task-id:{self.task_id},x-modal-task-secret:{self._secret}"

    async def _drain(self, process: asyncio.subprocess.Process) -> str:
        """Record what the process prints until it ends; return its last line."""
        assert process.stdout is not None  # noqa: S101 - asked for a pipe
        assert process.stderr is not None  # noqa: S101 - asked for a pipe
        _, last_words = await asyncio.gather(
            self._record(process.stdout, api_pb2.FILE_DESCRIPTOR_STDOUT),
            self._record(process.stderr, api_pb2.FILE_DESCRIPTOR_STDERR),
        )
        return last_words

    async def _record(self, stream: asyncio.StreamReader, descriptor: int) -> str:
        last = ""
        while data := await stream.read(LOG_LINE_LIMIT):
            text = data.decode(errors="replace")
            last = (text.strip().splitlines() or [last])[-1]
            logs.record(
                self._plane,
                app_id=self._app_id(),
                function_id=self.function_id,
                task_id=self.task_id,
                descriptor=descriptor,
                text=text,
            )
        return last

    def _app_id(self) -> str:
        app_id: str | None = self._plane.store.value(
            "SELECT app_id FROM objects WHERE id=?", self.function_id
        )
        return app_id or ""

    async def stop(self, grace: float = GRACE) -> None:
        """Ask the process to end, and end it when it does not."""
        self.draining = True
        self._signal(signal.SIGTERM)
        if self._process is None:
            return
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End the process at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """Reach the process and its children: it leads a session of its own."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _failure(
    status: api_pb2.GenericResult.GenericStatus.ValueType, message: str
) -> api_pb2.GenericResult:
    return api_pb2.GenericResult(status=status, exception=message)
