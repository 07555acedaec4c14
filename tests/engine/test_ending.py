"""However `pulumi` ends, its children end too."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.support.pulumi_project import wait_until

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds processes by /proc"
)

SLOW_PROGRAM = """
    import os, time
    import pulumi
    open("started", "w").close()
    time.sleep(600)
    """

SLOW_PROVIDER = """
    import time
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider

    class Provider(ResourceProvider):
        def create(self, props):
            open("started", "w").close()
            time.sleep(600)
            return CreateResult("one", props)

    class Thing(Resource):
        pass

    Thing(Provider(), "thing", {})
    """


def none_left(project: Project) -> None:
    """Wait until the last process of the project has ended."""
    wait_until(lambda: not project.processes(), 20, f"{project.processes()} ended")


def test_interrupt_ends_the_program(project: Project) -> None:
    """Ctrl-C while the program runs ends it, quietly and with everything it started."""
    project.program(SLOW_PROGRAM)
    running = project.start("preview")
    wait_until((project.root / "started").exists, 60, "the program started")
    running.send_signal(signal.SIGINT)
    shown, _ = running.communicate(timeout=30)
    assert running.returncode != 0
    assert "Traceback" not in shown
    none_left(project)


def test_cancel_reaches_a_program_that_has_left_the_group(project: Project) -> None:
    """The host ends its program itself, even one that no signal of the engine meets."""
    project.program("import os; os.setsid()\n" + textwrap.dedent(SLOW_PROGRAM))
    running = project.start("preview")
    wait_until((project.root / "started").exists, 60, "the program started")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    none_left(project)


def test_second_interrupt_ends_a_busy_provider(project: Project) -> None:
    """A provider in the middle of a long call does not survive a second Ctrl-C."""
    project.program(SLOW_PROVIDER)
    running = project.start("up", "--yes", "--skip-preview")
    wait_until((project.root / "started").exists, 60, "the provider creates")
    assert running.stdout is not None
    running.send_signal(signal.SIGINT)
    assert any("^C received; cancelling" in line for line in running.stdout)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    none_left(project)


@pytest.mark.parametrize(
    "program", [SLOW_PROGRAM, SLOW_PROVIDER], ids=["program", "provider"]
)
def test_killed_engine_leaves_nothing_behind(project: Project, program: str) -> None:
    """After SIGKILL of `pulumi`, which can tell nobody, no child of it stays."""
    project.program(program)
    running = project.start("up", "--yes", "--skip-preview")
    wait_until((project.root / "started").exists, 60, "the work started")
    assert len(project.processes()) > 1
    running.kill()
    running.communicate(timeout=30)
    none_left(project)


def test_killed_program_is_told(project: Project) -> None:
    """A program that is killed is reported with the signal's name."""
    project.program("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    shown = project("preview", code=None).stdout
    assert "ended by SIGKILL" in shown
    assert os.getpid() not in project.processes()
