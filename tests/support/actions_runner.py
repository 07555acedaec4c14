"""A runner of GitHub Actions, as far as the generated workflow goes.

It gives a job what GitHub would: the variables and secrets that the local GitHub holds
for the job's environment, a clone of the repository, Python with pip; and of this
machine nothing but its way to packages. Each `run` is executed as it is written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from tests.support.checkout import PYTHON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STEP_SECONDS: Final = 180
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(vars|secrets)\.(\w+)\s*\}\}")
_INHERITED: Final = re.compile(
    r"(PIP|UV)_\w+|\w+_(CA_BUNDLE|CAINFO|CERT_FILE)|(?i:https?|no)_proxy|LANG|LC_ALL"
)
_PURELIB: Final = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
# What an install from the network would bring: the local cloud's Prefect, Python's pip.
_PREFECT: Final = _PURELIB
_PIP: Final = (
    "import ensurepip, pathlib; folder = pathlib.Path(ensurepip.__file__).parent;"
    "print(*folder.glob('_bundled/pip-*.whl'))"
)


@dataclass
class Runner:
    """One machine that runs jobs of one repository.

    Attributes:
        folder: Its disk.
        github: The variables of the local GitHub's clients.
        repository: `owner/name`.
        output: All that its steps printed.
    """

    folder: Path
    github: Mapping[str, str]
    repository: str
    output: str = ""
    _env: dict[str, str] = field(default_factory=dict)

    def run(self, job: Mapping[str, Any]) -> None:
        """Run a job's steps one after the other; a step that fails ends it."""
        held = self._held(job["environment"])
        self._env = self._machine()
        for step in job["steps"]:
            name = step.get("uses", "").partition("@")[0]
            if "run" in step:
                env = {k: _filled(v, held) for k, v in step.get("env", {}).items()}
                self._shell(step["run"], env)
            else:
                self._actions[name]()

    @property
    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "actions/checkout": self._check_out,
            "actions/setup-python": self._set_up_python,
        }

    @property
    def workspace(self) -> Path:
        """Where the repository is checked out."""
        return self.folder / "work"

    def _held(self, environment: str) -> dict[str, dict[str, str]]:
        """Return what an environment holds; it must be there."""
        path = f"/repos/{self.repository}/environments/{quote(environment, safe='')}"
        place = {"repository": self.repository, "environment": environment}
        with httpx.Client(
            base_url=self.github["GITHUB_API_URL"],
            headers={"Authorization": f"Bearer {self.github['GITHUB_TOKEN']}"},
            trust_env=False,
        ) as http:
            http.get(path).raise_for_status()
            listed = http.get(f"{path}/variables").raise_for_status().json()
            secrets = http.get("/_local/secrets", params=place).raise_for_status()
        variables = {one["name"]: one["value"] for one in listed["variables"]}
        return {"vars": variables, "secrets": secrets.json()}

    def _machine(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if _INHERITED.fullmatch(k)}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        return {
            **inherited,
            "CI": "true",
            "HOME": str(home),
            "PATH": os.defpath,
            "XDG_CACHE_HOME": cache,
        }

    def _check_out(self) -> None:
        shutil.rmtree(self.workspace, ignore_errors=True)
        url = f"{self.github['GITHUB_SERVER_URL']}/{self.repository}.git"
        token = self.github["GITHUB_TOKEN"]
        shown = url.replace("://", f"://x-access-token:{token}@")
        certificates = {"GIT_SSL_CAINFO": self.github["GIT_SSL_CAINFO"]}
        self._do("git", "clone", "--quiet", shown, str(self.workspace), **certificates)

    def _set_up_python(self) -> None:
        """Put a Python with pip first on PATH, and one with Prefect where uv syncs."""
        tools = self._python("python", "pip", _PIP)
        project = self._python("project", "prefect", _PREFECT)
        self._env["PATH"] = f"{tools / 'bin'}{os.pathsep}{self._env['PATH']}"
        self._env["UV_PROJECT_ENVIRONMENT"] = str(project)

    def _python(self, name: str, module: str, where: str) -> Path:
        """Make a virtual environment that has a module which is elsewhere."""
        made = self.folder / name
        self._do(PYTHON, "-m", "venv", "--without-pip", str(made))
        python = str(made / "bin/python")
        own = self._do(python, "-c", _PURELIB).strip()
        Path(own, "_borrowed.pth").write_text(self._do(PYTHON, "-c", where))
        command = made / "bin" / module
        command.write_text(f"#!/bin/sh\nexec '{python}' -m {module} \"$@\"\n")
        command.chmod(0o755)
        return made

    def _shell(self, script: str, env: Mapping[str, str]) -> None:
        written = self.folder / "step.sh"
        written.write_text(script)
        self.output += self._do("bash", "-e", str(written), cwd=self.workspace, **env)

    def _do(self, *command: str, cwd: Path | None = None, **env: str) -> str:
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**self._env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, (command[0], done.stdout)
        return done.stdout


def _filled(text: str, held: Mapping[str, Mapping[str, str]]) -> str:
    """Evaluate what a step says; what is not held is empty, as on GitHub."""
    return _EXPRESSION.sub(lambda m: held[m[1]].get(m[2], ""), text)
