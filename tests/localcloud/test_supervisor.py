"""The supervisor's life cycle, with small real services instead of the big ones."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from localcloud import ports
from localcloud.processes import ProcessId, group_exists
from localcloud.services import Service
from localcloud.state import AlreadyRunningError, StateDir
from localcloud.supervisor import BootError, Supervisor
from tests.support.waiting import until

# Serves its first secret, and starts a process that would outlive it.
PROGRAM = """
import argparse, http.server, os, pathlib, subprocess, sys
parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--state-dir", type=pathlib.Path)
args = parser.parse_args()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
(args.state_dir / "child").write_text(str(child.pid))

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["LOCALCLOUD_WORD"].encode())
    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", args.port), Handler).serve_forever()
"""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    return Service(
        name="small",
        summary="a small service",
        arguments=(str(program), "--port", "{ports[web]}"),
        ports={"web": 0},
        ready="http://127.0.0.1:{ports[web]}/",
        secrets={"word": lambda: "open sesame"},
        environment={"SMALL_URL": "http://127.0.0.1:{ports[web]}"},
    )


class Cloud:
    """A supervisor in a thread, for as long as a test lasts."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.state = StateDir(folder / "state")
        self.said: list[str] = []
        self.stopping = threading.Event()
        self.supervisor = Supervisor(self.state, [service], {}, self.said.append)
        self.supervisor.boot(self.stopping)
        self._thread = threading.Thread(
            target=self.supervisor.watch, args=(self.stopping,)
        )
        self._thread.start()

    def run(self):
        """Return what is on record of the service."""
        return self.state.read_run().services["small"]

    def abandon(self) -> None:
        """End as `kill -9` would: nothing is stopped, nothing is written down."""
        self.stopping.set()
        self._thread.join()

    def close(self) -> None:
        """Stop it as a user does."""
        self.abandon()
        self.supervisor.close()

    def read(self) -> str:
        """Ask the service for its secret."""
        with urlopen(f"http://127.0.0.1:{self.run().ports['web']}/") as answer:
            return answer.read().decode()

    def child_pid(self) -> int:
        """Return the process that the service had started."""
        return int((self.state.root / "small/child").read_text())


def test_a_service_runs_with_its_port_its_folder_and_its_secrets(tmp_path, service):
    """A booted service answers on the recorded port, and knows its secrets."""
    cloud = Cloud(tmp_path, service)
    try:
        assert cloud.read() == "open sesame"
        assert cloud.run().phase == "ready"
    finally:
        cloud.close()


def test_stopping_leaves_no_process_and_frees_the_port(tmp_path, service):
    """A stopped service takes what it had started with it, and gives its port back."""
    cloud = Cloud(tmp_path, service)
    port, process = cloud.run().ports["web"], cloud.run().process
    cloud.close()
    assert not process.is_alive()
    assert not group_exists(process.pid)
    assert ports.is_free(port)
    assert cloud.run().phase == "stopped"


def test_a_crashed_service_is_started_again_and_the_user_is_told(tmp_path, service):
    """A killed service comes back under its port; its own children do not pile up."""
    cloud = Cloud(tmp_path, service)
    try:
        first, orphan = cloud.run().process, ProcessId.of(cloud.child_pid())
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: cloud.run().restarts == 1 and cloud.run().phase == "ready")
        assert cloud.run().process != first
        assert not orphan.is_alive()
        assert cloud.read() == "open sesame"
        told = [line for line in cloud.said if "ended by signal SIGKILL" in line]
        assert len(told) == 1
        assert "starting it again in 0.5 s" in told[0]
    finally:
        cloud.close()


def test_what_a_killed_supervisor_left_is_ended_by_the_next(tmp_path, service):
    """The next supervisor ends the recorded processes, and keeps port and secrets."""
    cloud = Cloud(tmp_path, service)
    cloud.abandon()
    left, port = cloud.run().process, cloud.run().ports["web"]
    assert left.is_alive()
    again = Cloud(tmp_path, service)
    try:
        assert not left.is_alive()
        cloud.supervisor._supervised[0]._child.wait()  # init's part, were we dead
        assert again.run().ports["web"] == port
        assert again.read() == "open sesame"
    finally:
        again.close()


def test_a_reused_pid_is_not_ended(tmp_path, service):
    """A record whose start time is another process's is not acted on."""
    cloud = Cloud(tmp_path, service)
    cloud.close()
    run = cloud.state.read_run()
    run.services["small"].process = ProcessId(os.getpid(), "long ago")
    cloud.state.write_run(run)
    again = Cloud(tmp_path, service)  # ending the record's pid would end this test
    again.close()
    assert not any("left over" in line for line in again.said)


def test_a_service_that_never_answers_is_a_boot_error(tmp_path):
    """A boot that takes too long names the service and its log."""
    deaf = Service(
        name="deaf",
        summary="never answers",
        arguments=("-c", "import time; time.sleep(600)"),
        ports={"web": 0},
        ready="http://127.0.0.1:{ports[web]}/",
        boot_seconds=0.3,
    )
    supervisor = Supervisor(StateDir(tmp_path), [deaf], {}, lambda _: None)
    try:
        with pytest.raises(BootError, match=r"deaf did not answer .*deaf\.log"):
            supervisor.boot(threading.Event())
    finally:
        supervisor.close()


def test_one_state_folder_has_one_supervisor(tmp_path):
    """A second supervisor of the same folder is refused with the way out."""
    state = StateDir(tmp_path)
    with (
        state.lock(),
        pytest.raises(AlreadyRunningError, match="`down`"),
        StateDir(tmp_path).lock(),
    ):
        pass


def test_credentials_are_made_once_and_are_the_owners_alone(tmp_path, service):
    """Secrets survive, and nobody else on the machine can read them."""
    made: list[str] = []

    def word() -> str:
        made.append("word")
        return "open sesame"

    once = Service(**{**vars(service), "secrets": {"word": word}})
    first = StateDir(tmp_path).credentials(once)
    assert StateDir(tmp_path).credentials(once) == first
    assert made == ["word"]
    mode = (tmp_path / "credentials.json").stat().st_mode & 0o777
    assert mode == 0o600


def test_a_taken_port_is_one_clear_error(service):
    """A fixed port that another program holds is refused with the way out."""
    with ports.socket.socket() as holder:
        holder.bind((ports.HOST, 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(ports.PortError, match=rf"Port {taken} of small is taken"):
            ports.assign(service, {"small": taken}, {})
        with pytest.raises(ports.PortError, match=r"--port small\.web=NUMBER"):
            ports.assign(service, {"small.web": taken}, {})


@pytest.mark.parametrize("text", ["prefect", "prefect=", "prefect=x", "p=70000"])
def test_a_port_in_another_form_is_refused(text):
    """What is not SERVICE=NUMBER is named, with the form that is."""
    with pytest.raises(ports.PortError, match="SERVICE=NUMBER"):
        ports.parse(text)


def test_a_service_learns_of_those_that_it_reads(tmp_path, service):
    """Of the other services' variables, a service is given those it names, no more."""
    other = Service(
        **{
            **vars(service),
            "name": "other",
            "secrets": {},
            "reads": ("SMALL_URL", "ABSENT"),
            "arguments": (
                "-c",
                PROGRAM.replace('os.environ["LOCALCLOUD_WORD"]', "shown"),
                "--port",
                "{ports[web]}",
            ),
            "environment": {"OTHER_URL": "http://127.0.0.1:{ports[web]}"},
        }
    )
    shown = 'shown = os.environ["SMALL_URL"] + str("OTHER_URL" in os.environ)\n'
    program = other.arguments[1].replace("args = parser", f"{shown}args = parser")
    other = Service(
        **{**vars(other), "arguments": ("-c", program, *other.arguments[2:])}
    )
    state = StateDir(tmp_path / "state")
    supervisor = Supervisor(state, [other, service], {}, lambda _: None)
    try:
        supervisor.boot(threading.Event())
        ports_of = {n: run.ports["web"] for n, run in state.read_run().services.items()}
        with urlopen(f"http://127.0.0.1:{ports_of['other']}/") as answer:
            told = answer.read().decode()
        assert told == f"http://127.0.0.1:{ports_of['small']}False"
    finally:
        supervisor.close()
