"""What is read off a flow's code, by Prefect's own measure."""

from __future__ import annotations

import runpy
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from components.kernel import ConfigurationError
from components.prefect.flow_code import describe_entrypoint

if TYPE_CHECKING:
    from pathlib import Path

FLOW = '''
from pathlib import Path
from typing import Literal

import a_package_that_is_not_installed
from prefect import flow
from pydantic import BaseModel

Path(__file__).with_name("ran").touch()


class Options(BaseModel):
    """What may be chosen."""

    size: int = 1


@flow(log_prints=True)
def say_hello(
    name: str,
    *,
    mood: Literal["good", "bad"] = "good",
    options: Options = Options(size=2),
    odd: a_package_that_is_not_installed.Thing = None,
) -> None:
    """Say hello.

    Args:
        name: Whom to greet.
    """


if __name__ == "__main__":
    say_hello("you")
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project in a folder, without any code yet, and nothing kept of any."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def write(project: Path, name: str, code: str) -> Path:
    file = project / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(code))
    return file


def prefects_version(file: Path) -> str:
    from prefect.utilities.hashing import file_hash  # noqa: PLC0415  # two seconds

    return file_hash(str(file))


def test_a_flow_is_described_as_prefect_would(project: Path) -> None:
    """Name, text, version and schema are what `prefect deploy` takes from the code."""
    file = write(project, "hello.py", FLOW)
    described = describe_entrypoint(project, "hello.py:say_hello")
    assert described.name == "say-hello"
    assert described.description == "Say hello.\n\nArgs:\n    name: Whom to greet."
    assert described.version == prefects_version(file)
    schema = described.parameter_openapi_schema
    assert schema["required"] == ["name"]
    assert schema["properties"]["name"] == {
        "description": "Whom to greet.",
        "position": 0,
        "title": "name",
        "type": "string",
    }
    assert schema["properties"]["mood"]["enum"] == ["good", "bad"]
    assert schema["properties"]["options"]["default"] == {"size": 2}
    assert "Options" in schema["definitions"]


def test_the_schema_is_that_of_the_loaded_flow(project: Path) -> None:
    """Reading the source gives what importing and running it would give."""
    from prefect.utilities.callables import (  # noqa: PLC0415  # takes two seconds
        parameter_schema,
    )

    code = """
        from datetime import timedelta

        from prefect import flow

        @flow
        def main(a: int, b: list[str] = ["x"], *, c: timedelta | None = None): ...
        """
    loaded_flow = runpy.run_path(str(write(project, "main.py", code)))["main"]
    described = describe_entrypoint(project, "main.py:main")
    loaded = parameter_schema(loaded_flow.fn).model_dump_for_openapi()
    assert described.parameter_openapi_schema == loaded


def test_the_file_is_not_run(project: Path) -> None:
    """Neither its statements nor its main block; and nothing stays imported."""
    write(project, "utils.py", "NAME = 'n'")
    write(project, "hello.py", "import utils\n" + FLOW)
    path, modules = sys.path[:], set(sys.modules)
    describe_entrypoint(project, "hello.py:say_hello")
    assert not (project / "ran").exists()
    assert sys.path == path
    assert "utils" not in set(sys.modules) - modules


@pytest.mark.parametrize("source", ["", "src/"])
@pytest.mark.parametrize("entrypoint", ["pkg.flows.one:main", "pkg.flows.one.main"])
def test_modules_are_found_and_their_packages_not_run(
    project: Path, source: str, entrypoint: str
) -> None:
    """Both module forms, from the project's folder or from its `src`."""
    write(project, f"{source}pkg/__init__.py", "raise SystemExit('ran')")
    write(project, f"{source}pkg/flows/__init__.py", "raise SystemExit('ran')")
    code = "from prefect import flow\n@flow\ndef main(n: int = 1): ...\n"
    write(project, f"{source}pkg/flows/one.py", code)
    described = describe_entrypoint(project, entrypoint)
    assert described.name == "main"
    assert described.parameter_openapi_schema["properties"]["n"]["default"] == 1


def test_modules_of_one_name_do_not_mix(project: Path) -> None:
    """Two projects may each have a `utils`; each flow sees its own."""
    code = """
        from utils import SIZE
        from prefect import flow
        @flow
        def main(n: int = SIZE): ...
        """
    for size in (1, 2):
        write(project, f"p{size}/utils.py", f"SIZE = {size}")
        write(project, f"p{size}/main.py", code + f"# {size}\n")
        described = describe_entrypoint(project / f"p{size}", "main.py:main")
        assert described.parameter_openapi_schema["properties"]["n"]["default"] == size


def test_the_decorator_has_the_first_word(project: Path) -> None:
    """Given name, text and version win, as constants or not, however it is imported."""
    code = '''
        import prefect
        from prefect import flow

        NAME = "na" + "me"

        @flow(name=NAME, description="One.", version="1")
        def one():
            """Not this."""

        @prefect.flow(name="two", description=None, version=None)
        async def other():
            """Two."""
        '''
    file = write(project, "flows.py", code)
    one = describe_entrypoint(project, "flows.py:one")
    assert one[:3] == ("name", "One.", "1")
    two = describe_entrypoint(project, "flows.py:other")
    assert two[:3] == ("two", "Two.", prefects_version(file))


def test_a_flow_may_be_a_method(project: Path) -> None:
    """`file.py:Class.method` is Prefect's form for it; self is no parameter."""
    code = """
        from prefect import flow

        class Etl:
            @flow
            def load(self, table: str): ...
        """
    write(project, "etl.py", code)
    described = describe_entrypoint(project, "etl.py:Etl.load")
    assert list(described.parameter_openapi_schema["properties"]) == ["table"]


def test_changed_code_is_read_again(project: Path) -> None:
    """A description is kept for as long as the file stays the same, and no longer."""
    code = "from prefect import flow\n@flow\ndef main(n: int = {}): ...\n"
    for default in (1, 2):
        write(project, "main.py", code.format(default))
        for _ in range(2):
            described = describe_entrypoint(project, "main.py:main")
            properties = described.parameter_openapi_schema["properties"]
            assert properties["n"].pop("default") == default


@pytest.mark.parametrize(
    ("entrypoint", "told"),
    [
        ("main", "write it as"),
        ("main.py:", "write it as"),
        ("gone.py:main", "names no file in"),
        ("gone.module:main", "names no module in"),
        ("main.py:gone", "has no flow 'gone'"),
        ("main.py:plain", "decorate the function with @flow"),
        ("broken.py:main", r"is not Python \(line 1\)"),
    ],
)
def test_a_wrong_entrypoint_is_one_sentence(
    project: Path, entrypoint: str, told: str
) -> None:
    """It says what is wrong and the way out, instead of a traceback."""
    write(project, "main.py", "def plain(): ...")
    write(project, "broken.py", "def (")
    with pytest.raises(ConfigurationError, match=told):
        describe_entrypoint(project, entrypoint)
