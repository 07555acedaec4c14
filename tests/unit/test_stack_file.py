"""A stack's file, as what was found is written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from components.discover.stack_file import StackFile
from components.kernel import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stack_file(tmp_path: Path) -> StackFile:
    (tmp_path / "Pulumi.yaml").write_text("name: probe\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:x\n")
    return StackFile(tmp_path, "dev")


@pytest.mark.parametrize(
    "text", ["on", "1e3", "0o7", "2020-01-01", "~", "", "a: b", "n"]
)
def test_text_stays_text_in_any_yaml(stack_file: StackFile, text: str) -> None:
    """Go's YAML takes other things for numbers than Python's does."""
    written = stack_file.text([], prefect={text: text})
    assert written.count(f'"{text}"') == 2
    assert yaml.safe_load(written)["config"]["probe:prefect"] == {text: text}


def test_the_file_keeps_what_else_it_says(stack_file: StackFile) -> None:
    """The salt of the stack's secrets, above all."""
    written = stack_file.text(["noted"], tier="dev", prefect={"a": "x\ny"})
    assert written.startswith("# noted\n")
    assert yaml.safe_load(written) == {
        "encryptionsalt": "v1:x",
        "config": {"probe:tier": "dev", "probe:prefect": {"a": "x\ny"}},
    }


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    """One sentence, and the way out."""
    with pytest.raises(ConfigurationError, match="run this where its"):
        StackFile(tmp_path, "dev")
