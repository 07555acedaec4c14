"""Programs run by the engine through the language host."""

from __future__ import annotations

import json
import os
import shutil
import sys
import venv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project

DYNAMIC = """
    import sys
    import pulumi
    from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider

    class Provider(ResourceProvider):
        def create(self, props):
            return CreateResult("one", {**props, "python": sys.prefix})

        def read(self, id_, props):
            return ReadResult(id_, props)

    class Thing(Resource):
        python: pulumi.Output[str]

        def __init__(self, name, **props):
            super().__init__(Provider(), name, {**props, "python": None})

    pulumi.export("provider", Thing("thing").python)
    pulumi.export("program", sys.prefix)
    """


def borrow_sdk(environment: Path) -> None:
    """Make a virtual environment that finds the packages of this test run's own."""
    if not environment.exists():
        venv.create(environment, symlinks=True, with_pip=False)
    here = next(path for path in sys.path if path.endswith("site-packages"))
    [packages] = environment.glob("lib/python3*/site-packages")
    (packages / "borrowed.pth").write_text(here)


def diagnostics(shown: str) -> str:
    """Return the part of the CLI's output that sums up what was said."""
    return shown.split("\nDiagnostics:\n")[1]


def test_output_of_a_program_is_shown(project: Project) -> None:
    """What a program prints, on either stream, is shown once by the CLI."""
    project.program("""
        import sys
        print("to stdout")
        print("to stderr", file=sys.stderr)
        """)
    shown = diagnostics(project("preview").stdout)
    assert shown.count("to stdout") == 1
    assert shown.count("to stderr") == 1


@pytest.mark.timeout(60)  # a line that does not come would be waited for
def test_output_streams_while_the_program_runs(project: Project) -> None:
    """A line is shown when it is printed, not when the program has ended."""
    gate = project.root / "gate"
    os.mkfifo(gate)
    project.program("""
        print("before the gate")
        open("gate").read()
        """)
    running = project.start("preview")
    assert running.stdout is not None
    assert any("before the gate" in line for line in running.stdout)
    gate.write_text("open")
    running.communicate(timeout=60)
    assert running.returncode == 0


def test_traceback_names_the_users_line(project: Project) -> None:
    """An exception is shown with the user's own lines and nothing of ours."""
    project.write("helper.py", "def fail():\n    raise LookupError('no such thing')\n")
    project.program("""
        import helper

        helper.fail()
        """)
    shown = project("preview", code=None).stdout
    assert "LookupError: no such thing" in shown
    assert '__main__.py", line 3' in shown
    assert 'helper.py", line 2' in shown
    assert "runpy" not in shown
    assert "pulumi-language-python" not in shown
    assert "non-zero exit code" not in shown


def test_run_error_is_shown_without_a_traceback(project: Project) -> None:
    """`pulumi.RunError` is an error for the user: its text and nothing else."""
    project.program("""
        import pulumi
        raise pulumi.RunError("the pool's name is missing")
        """)
    shown = diagnostics(project("preview", code=None).stdout)
    assert shown.count("error:") == 1
    assert "the pool's name is missing" in shown
    assert "Traceback" not in shown


def test_exit_32_adds_nothing_to_the_programs_own_error(project: Project) -> None:
    """Exit code 32 says that the error has been shown: one line is all there is."""
    project.program("""
        import sys
        import pulumi
        pulumi.log.error("stack dev: config key pools is missing")
        sys.exit(32)
        """)
    shown = diagnostics(project("preview", code=None).stdout)
    assert shown.count("error:") == 1
    assert "stack dev: config key pools is missing" in shown


def test_other_exit_codes_are_told(project: Project) -> None:
    """A program that just exits is reported with its exit code."""
    project.program("import sys; sys.exit(3)")
    shown = project("preview", code=None).stdout
    assert "program exited with non-zero exit code: 3" in shown


def test_missing_program_is_one_sentence(project: Project) -> None:
    """A project without __main__.py is told so, without a traceback."""
    shown = project("preview", code=None).stdout
    assert "no __main__.py" in shown
    assert "Traceback" not in shown


def test_relative_virtualenv_runs_program_and_provider(project: Project) -> None:
    """A relative `virtualenv` counts from Pulumi.yaml, also with a `main` below it."""
    environment = project.root / "env"
    borrow_sdk(environment)
    project.save(runtime=project.runtime(virtualenv="env"), main="program/")
    project.write("program/__main__.py", DYNAMIC)
    project("up", "--yes", "--skip-preview")
    expected = str(environment)
    assert project.outputs() == {"program": expected, "provider": expected}


@pytest.mark.skipif(not shutil.which("uv"), reason="needs uv")
def test_uv_toolchain_runs_program_and_provider(project: Project) -> None:
    """With `toolchain: uv`, uv makes the environment that everything runs in."""
    project.save(runtime=project.runtime(toolchain="uv"))
    project.write("pyproject.toml", '[project]\nname = "probe"\nversion = "1"\n')
    project.write("__main__.py", DYNAMIC)
    project("install")
    environment = project.root / ".venv"
    borrow_sdk(environment)
    project("up", "--yes", "--skip-preview")
    expected = str(environment)
    assert project.outputs() == {"program": expected, "provider": expected}


def test_missing_virtualenv_is_made_and_named(project: Project) -> None:
    """A `virtualenv` that is not there is made, and a broken one is told by name."""
    project.save(runtime=project.runtime(virtualenv="fresh"))
    project.program("import sys; print(sys.prefix)")
    shown = project("preview", code=None).stdout
    assert (project.root / "fresh" / "bin" / "python").exists()
    assert "does not have the Pulumi SDK" in shown
    assert "Traceback" in shown

    (project.root / "fresh" / "bin" / "python").unlink()
    broken = project("preview", code=None)
    said = f"{project.root / 'fresh'} of Pulumi.yaml is another folder"
    assert said in broken.stdout + broken.stderr


def test_config_reaches_the_program_and_its_schema_is_checked(
    project: Project,
) -> None:
    """The program reads its typed config, secrets too; a wrong type is one error."""
    project.save(config={"size": {"type": "integer", "default": 3}})
    project.program("""
        import pulumi
        config = pulumi.Config()
        pulumi.export("size", config.require_int("size"))
        pulumi.export("key", config.require_secret("key"))
        pulumi.export("known", pulumi.runtime.is_config_secret("probe:key"))
        """)
    project("config", "set", "--secret", "key", "canary")
    project("up", "--yes", "--skip-preview")
    assert project.outputs() == {"size": 3, "key": "[secret]", "known": True}
    assert "canary" not in project("stack", "export").stdout

    project("config", "set", "size", "many")
    failed = project("preview", code=None)
    assert "'size' must be of type 'integer'" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_life_cycle_of_a_stack(project: Project) -> None:
    """Preview, up, a second up, refresh with the program, and destroy all work."""
    project.program(DYNAMIC)
    plan = json.loads(project("preview", "--json").stdout)
    assert plan["changeSummary"] == {"create": 2}
    project("up", "--yes", "--skip-preview")
    project("preview", "--expect-no-changes")
    project("refresh", "--yes", "--skip-preview", "--run-program")
    project("destroy", "--yes", "--skip-preview")
    assert (
        "resources" not in json.loads(project("stack", "export").stdout)["deployment"]
    )


def test_typechecker_guards_the_program(project: Project) -> None:
    """With `typechecker: mypy` a type error stops the program before it starts."""
    options = {"virtualenv": sys.prefix, "typechecker": "mypy"}
    project.save(runtime=project.runtime(**options))
    project.program("""
        size: int = "large"
        print("the program ran")
        """)
    shown = project("preview", code=None)
    assert "Incompatible types in assignment" in shown.stdout
    assert "the program ran" not in shown.stdout
