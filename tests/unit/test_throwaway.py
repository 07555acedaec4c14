"""A pull request's stack file, as a trial of it reads that."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tools.throwaway import Throwaway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("config: [", "Pulumi.dev.yaml is not YAML"),
        ("config: {a: 1, a: 2}", "Pulumi.dev.yaml .*twice"),
        ("- config", "Pulumi.dev.yaml is not a mapping with a `config`; correct it"),
        ("config: 3", "Pulumi.dev.yaml is not a mapping with a `config`; correct it"),
    ],
)
def test_a_stack_file_that_is_none_is_told(
    tmp_path: Path, content: str, told: str
) -> None:
    """By one sentence with the file's own name; its copy here is nobody's business."""
    source = tmp_path / "source"
    source.mkdir()
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    (source / "Pulumi.dev.yaml").write_text(content)
    trial = Throwaway(tmp_path, "dev", {})
    with pytest.raises(SystemExit, match=told) as refused:
        trial.place(None, source=source)
    assert str(tmp_path) not in str(refused.value)
    assert "\n" not in str(refused.value)
