"""Run: the user's program, in its own process, talking to the engine by itself."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import language_pb2

from .options import HostError, Options, refuse_debugger
from .toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .children import Children

# The program has already shown its error: the engine is to stop without adding one.
EXIT_ALREADY_SHOWN = 32


class Programs:
    """Run programs until the engine cancels."""

    def __init__(self, children: Children, executor: Path, tracing: str) -> None:
        """Prepare.

        Args:
            children: where processes are started.
            executor: the script that runs a program, `pulumi-language-python-exec`.
            tracing: the trace endpoint that the CLI was given, or "".
        """
        self._children = children
        self._executor = executor
        self._tracing = tracing
        self._cancelled = threading.Event()
        self._running: set[Any] = set()
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Interrupt what runs, and let nothing start any more."""
        with self._lock:
            self._cancelled.set()
            running = list(self._running)
        for process in running:
            self._children.stop(process)

    def run(self, request: Any, context: Any, engine: str) -> language_pb2.RunResponse:
        """Serve a `RunRequest`; its output goes straight to the engine, line by line.

        Raises:
            HostError: there is no Python to run, or the type checker objects.
        """
        refuse_debugger(request)
        options = Options.of(request.info)
        toolchain = Toolchain(options)
        toolchain.require()
        env = toolchain.env()
        if options.typechecker:
            self._typecheck(toolchain, env, context)
        env["PULUMI_CONFIG"] = json.dumps(dict(request.config))
        env["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        # Unbuffered, so that a long program shows what it prints when it prints it.
        command = [toolchain.python, "-u", str(self._executor)]
        command += self._arguments(request, engine)
        with self._children.running(command, context, env=env) as process:
            with self._lock:
                self._running.add(process)
            if self._cancelled.is_set():
                self._children.stop(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
        return _response(code)

    def _arguments(self, request: Any, engine: str) -> Sequence[str]:
        named = {
            "monitor": request.monitor_address,
            "engine": engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "tracing": self._tracing,
            "organization": request.organization,
        }
        flags = [f"--{name}={value}" for name, value in named.items() if value]
        return [*flags, "--", request.info.entry_point, *request.args]

    def _typecheck(
        self, toolchain: Toolchain, env: dict[str, str], context: Any
    ) -> None:
        options = toolchain.options
        command = [toolchain.python, "-m", options.typechecker, str(options.program)]
        if options.typechecker == "mypy" and toolchain.environment:
            command += ["--exclude", f"{toolchain.environment.name}/"]
        folder = str(options.program)
        with self._children.running(command, context, env=env, cwd=folder) as process:
            code = process.wait()
        if code:
            msg = f"{options.typechecker} found errors in the program (exit {code})."
            raise HostError(msg)


def _response(code: int) -> language_pb2.RunResponse:
    if code == 0:
        return language_pb2.RunResponse()
    if code == EXIT_ALREADY_SHOWN:
        return language_pb2.RunResponse(bail=True)
    if code < 0:
        name = signal.Signals(-code).name
        return language_pb2.RunResponse(error=f"program was ended by {name}")
    return language_pb2.RunResponse(
        error=f"program exited with non-zero exit code: {code}"
    )
