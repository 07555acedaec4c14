"""Older clients against the same control plane.

Set FLOWGROUND_MODAL_VENVS to virtual environments with older versions of `modal`
(separated as in PATH); the other tests of this folder drive the version of this
environment.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

PROGRAM = ROOT / "tests/support/modal_every_version.py"
NAMED = os.environ.get("FLOWGROUND_MODAL_VENVS", "").split(os.pathsep)
VENVS = [part for part in NAMED if part]
PYTHONS = [str(Path(venv) / "bin/python") for venv in VENVS]
SKIP = pytest.mark.skipif(not VENVS, reason="FLOWGROUND_MODAL_VENVS names no versions")


@SKIP
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: Path(path).parts[-3])
def test_every_version_can_do_the_same(plane, environment, python):
    """Objects of every kind, a deployment and calls work with this version."""
    done = subprocess.run(
        [python, str(PROGRAM)],
        env=plane.env(MODAL_ENVIRONMENT=environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1])[-1] == "apps"


@SKIP
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: Path(path).parts[-3])
def test_every_version_has_a_working_command_line(plane, environment, python):
    """The CLI of this version makes a secret and lists it."""
    env = plane.env(MODAL_ENVIRONMENT=environment)
    plane.cli("secret", "create", "s", "A=1", env=env, python=python)
    listed = plane.cli("secret", "list", "--json", env=env, python=python).stdout
    assert len(json.loads(listed)) == 1
