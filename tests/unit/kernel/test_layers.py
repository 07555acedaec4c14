"""Who may import whom, and what an import may cost."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / ".importlinter"

# Half a second and more each, and previews need none of them.
HEAVY = ("prefect", "modal", "boto3", "botocore", "github", "httpx", "requests")

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import components
found = pkgutil.walk_packages(components.__path__, "components.")
names = [one.name for one in found if one.ispkg or one.name.count(".") == 1]
for name in names:
    importlib.import_module(name)
print(json.dumps([names, sorted(sys.modules)]))
"""


def test_importing_the_packages_imports_no_client() -> None:
    """A preview without credentials or network starts in no time: clients are lazy."""
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported, loaded = json.loads(ran.stdout)
    assert {"components.kernel", "components.prefect"} <= set(imported) <= set(loaded)
    assert set(HEAVY).isdisjoint(loaded)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the import contracts of the packages in a folder."""
    linter = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", linter, "--no-cache", "--config", str(CONTRACTS)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_layers_hold() -> None:
    """The program obeys its import contracts."""
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """Return packages of the program's names, with nothing in them."""
    parts = ("kernel", "prefect", "modal", "github", "s3")
    for name in ("localcloud", "components", *(f"components/{p}" for p in parts)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    for name in ("platform", "settings", "outputs"):
        (tmp_path / f"components/{name}.py").touch()
    return tmp_path


def test_an_empty_program_breaks_no_contract(skeleton: Path) -> None:
    """So that the next test's failures are its own."""
    ran = lint(skeleton)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_contract_bites(skeleton: Path) -> None:
    """One forbidden import each, and each is found."""
    forbidden = {
        "components/kernel/model.py": "components.prefect",
        "components/prefect/pool.py": "components.modal",
        "components/github/secret.py": "components.platform",
        "components/s3/bucket.py": "components.settings",
        "localcloud/server.py": "components.kernel",
        "components/modal/app.py": "localcloud",
        "components/kernel/client.py": "boto3",
    }
    for path, imported in forbidden.items():
        (skeleton / path).write_text(f"import {imported}\n")
    ran = lint(skeleton)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    for path, imported in forbidden.items():
        importer = path.removesuffix(".py").replace("/", ".")
        assert f"{importer} -> {imported}" in ran.stdout, ran.stdout
    settings = configparser.ConfigParser()
    settings.read(CONTRACTS)
    contracts = [
        s for s in settings.sections() if s.startswith("importlinter:contract")
    ]
    assert f"Contracts: 0 kept, {len(contracts)} broken." in ran.stdout


def test_services_build_on_the_kernel(skeleton: Path) -> None:
    """What the layers allow is not forbidden by accident."""
    allowed = {
        "components/prefect/pool.py": "components.kernel",
        "components/platform.py": "components.prefect\nimport components.settings",
        "components/prefect/client.py": "httpx",
    }
    for path, imported in allowed.items():
        (skeleton / path).write_text(f"import {imported}\n")
    ran = lint(skeleton)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    shutil.rmtree(skeleton)
