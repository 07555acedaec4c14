"""When the schema of a flow's parameters is computed, and when it is remembered."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

from components.prefect.flow_schema import kept_schema

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {"properties": {"b": {"position": 1}, "a": {"position": 0}}}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the schemas that are kept; there are none yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "flowground" / "schemas"


def computed(code: str, times: int = 2, schema: Any = SCHEMA) -> int:
    """Ask for the schema of the flow in some code; return how often it was computed."""
    asked = []

    def compute() -> dict[str, Any]:
        asked.append(True)
        return dict(schema)

    [*_, flow] = ast.parse(code).body
    assert isinstance(flow, ast.FunctionDef | ast.AsyncFunctionDef)
    for _ in range(times):
        assert kept_schema(code.encode(), flow, compute) == schema
    return len(asked)


@pytest.mark.parametrize(
    "code",
    [
        "def main(): ...",
        "def main(a, /, b=-1, *, c=('x', None)): ...",
        "async def main(a: int, b: dict[str, list[float] | None] = {}): ...",
        "import datetime\ndef main(a: datetime.datetime): ...",
        "import datetime as dt\ndef main(a: dt.date): ...",
        "from typing import Literal as L, Any\ndef main(a: L[1, 2], b: Any): ...",
        "import mine\nfrom mine import flow\n@flow\ndef main(a: int): ...",
    ],
)
def test_what_the_file_itself_says_is_computed_once(code: str) -> None:
    """Builtins, the standard library's types and literals mean the same tomorrow."""
    assert computed(code) == 1


@pytest.mark.parametrize(
    "code",
    [
        "from mine import Options\ndef main(a: Options): ...",
        "from .typing import Any\ndef main(a: Any): ...",
        "from mine import *\ndef main(a: int): ...",
        "from mine import Whole as int\ndef main(a: int): ...",
        "if input():\n    from mine import str\ndef main(a: str): ...",
        "import mine.typing\ndef main(a: mine.typing.Any): ...",
        "class Options: ...\ndef main(a: list[Options]): ...",
        "int = object()\ndef main(a: int): ...",
        "def main(a: Undefined): ...",
        "def main(a: 'Options'): ...",
        "N = 1\ndef main(a=N): ...",
        "from datetime import date\ndef main(*, a=date.today()): ...",
    ],
)
def test_what_something_else_may_change_is_computed_each_time(code: str) -> None:
    """The file stays as it is, and what it imports does not."""
    assert computed(code) == 2


def test_another_file_has_another_schema() -> None:
    """Anything in a file may matter: its text is the key."""
    assert computed("def main(a: int): ...") == 1
    assert computed("'Text.'\ndef main(a: int): ...", 1) == 1


def test_a_broken_cache_is_no_cache(cache: Path) -> None:
    """What cannot be read, or written, is computed."""
    assert computed("def main(): ...", 1) == 1
    [kept] = cache.iterdir()
    kept.write_text("{")
    assert computed("def main(): ...") == 1
    kept.unlink()
    cache.rmdir()
    cache.write_text("a file where the folder should be")
    assert computed("def main(): ...") == 2


def test_what_json_would_change_is_not_kept() -> None:
    """A schema that is read back differently would be a change that nobody made."""
    odd = {"properties": {"a": {"default": (1, 2)}}}
    assert computed("def main(a=(1, 2)): ...", schema=odd) == 2
