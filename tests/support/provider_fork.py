"""Provider processes that share their imports, where a test starts hundreds of them.

A fresh `python -m pulumi.dynamic` spends three seconds of processor time on imports of
the services' SDKs. A parent that has done these, and nothing else (it has no thread,
no channel and no connection), forks each provider instead: it runs the same module in
a process of its own, and can be killed as any other.

The SDKs read variables when they are imported, so a parent is for one environment;
what a provider is given beyond that is for flowground's own, which reads them late.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import resource
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
_DIE_WITH_PARENT: Final = 1  # Linux's PR_SET_PDEATHSIG
# All that the provider and the kinds import sooner or later.
_MODULES: Final = (
    *("dill", "pulumi.dynamic", "pulumi.runtime.proto.provider_pb2_grpc"),
    *("components.prefect", "components.modal", "components.github", "components.s3"),
    *("prefect.client.orchestration", "components.prefect.transport", "jsonschema"),
    *("components.modal.transport", "modal._utils.grpc_utils", "modal_proto.api_pb2"),
    *("boto3.s3.transfer", "boto3.exceptions", "botocore.parsers", "github"),
    *("nacl.public", "requests"),
)


class Forked:
    """One provider process.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, pid: int, port: int, log: Path) -> None:
        self.port = port
        self._process: int | None = os.pidfd_open(pid)
        self._log = log
        self._ending = threading.Lock()

    def kill(self) -> str:
        """End the process, if it still runs, and return what it wrote."""
        with self._ending:
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._process, signal.SIGKILL)
                select.select([self._process], [], [])
                os.close(self._process)
                self._process = None
        return self._log.read_text()


class ProviderFork:
    """The parent of all providers of one environment.

    Args:
        env: The environment.
        constants: Values of modules' constants that are not as in production, by
            `module:CONSTANT`; a test cannot wait as long as a user should.
    """

    def __init__(
        self, env: Mapping[str, str], constants: Mapping[str, float] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", __name__, json.dumps(dict(constants or {}))],
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, env: Mapping[str, str], largest_file: int | None = None) -> Forked:
        """Start a provider.

        Args:
            env: Variables that it has beside the parent's.
            largest_file: What a file may grow to, in bytes: writing beyond it fails as
                on a disk that is full.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._count += 1
        log = Path(self._folder.name) / f"{self._count}.log"
        asked = {"env": dict(env), "log": str(log), "largest_file": largest_file}
        json.dump(asked, self._process.stdin)
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        return Forked(pid, int(self._process.stdout.readline()), log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()


def _serve() -> None:
    for wanted in _MODULES:
        importlib.import_module(wanted)
    for constant, value in json.loads(sys.argv[1]).items():
        name, _, attribute = constant.partition(":")
        module = importlib.import_module(name)
        assert hasattr(module, attribute), f"there is no {constant}"
        setattr(module, attribute, value)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while line := sys.stdin.readline():
        asked: dict[str, Any] = json.loads(line)
        if os.fork() == 0:
            _become_a_provider(**asked)
            return


def _become_a_provider(
    env: Mapping[str, str], log: str, largest_file: int | None
) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    os.environ.update(env)
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (2, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    print(os.getpid())
    runpy.run_module("pulumi.dynamic", run_name="__main__")


if __name__ == "__main__":
    _serve()
