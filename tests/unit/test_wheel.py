"""The package as other teams install it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wheel import ROOT, install

LOADED = """
import json, sys
import components.outputs
file = components.outputs.__file__
print(json.dumps([file, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("wheel"))


def test_the_wheel_has_all_of_the_package(site: Path) -> None:
    """Modules, templates and the mark of a typed package; no tests, no tools."""
    source = {
        path.relative_to(ROOT)
        for path in (ROOT / "components").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    built = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert source - built == set()
    assert {path.parts[0] for path in built - source} == {"flowground-0.1.0.dist-info"}


def test_reading_outputs_needs_no_service_client(site: Path, tmp_path: Path) -> None:
    """Another team's program installs pulumi and pydantic, and nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    file, loaded = json.loads(done.stdout)
    assert Path(file).is_relative_to(site)
    assert {"pulumi", "pydantic"} <= set(loaded)
    heavy = {"prefect", "modal", "github", "boto3", "httpx", "jsonschema"}
    assert heavy & set(loaded) == set()
