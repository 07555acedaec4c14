"""The program of this checkout as a project of its own, to run and to break."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx
import yaml

from tests.support.checkout import PYTHON
from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.localcloud import LocalCloud

STACKS = ("dev", "staging", "prod")
PREFECT = Path(PYTHON).with_name("prefect")


class PlatformProject(Project):
    """A copy of the program and its stacks, against a local cloud.

    What the copies have has names of its own, so that any number of them can live on
    one cloud.
    """

    def __init__(self, folder: Path, cloud: LocalCloud) -> None:
        """Copy the program; its stacks are made when they are first used."""
        self.cloud = cloud
        self.suffix = uuid.uuid4().hex[:6]
        self.name = f"flowground-{self.suffix}"
        self._stacks: set[str] = set()
        super().__init__(folder)
        self.env |= cloud.env | {
            "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
            "PREFECT_HOME": str(folder / "prefect"),
            "FLOWGROUND_FLOWS": str(ROOT / "flows"),
        }
        del self.env["PULUMI_STACK"], self.env["PREFECT_API_URL"]
        for name in ("components", "flows"):
            (self.root / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "__main__.py", self.root)
        settings = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        settings |= {"name": self.name, "runtime": self.runtime()}
        self.save(**settings)
        for stack in STACKS:
            self._copy(stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Delete its workspaces, each of which is a server that goes on working."""
        with self.cloud.client() as account:
            found = account.post("/workspaces/filter", json={}).raise_for_status()
            for workspace in found.json():
                if workspace["handle"].endswith(f"-{self.suffix}"):
                    account.delete(f"/workspaces/{workspace['id']}").raise_for_status()

    def _copy(self, stack: str) -> None:
        given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())
        given["config"] = {
            key.replace("flowground:", f"{self.name}:"): value
            for key, value in given["config"].items()
        }
        own = f"{stack}-{self.suffix}"
        given["config"][f"{self.name}:modal"]["environment"]["name"] = own
        # A bucket's name is the whole service's.
        for name, bucket in given["config"][f"{self.name}:s3"]["dag_buckets"].items():
            named = {"name": f"{own}-{name}"}
            bucket["bucket"] = {**bucket.get("bucket", {}), **named}
        github = given["config"][f"{self.name}:github"]
        github["environment"] = {**github.get("environment", {}), "name": own}
        self._write(stack, given)
        self.configure(stack, handle=own)

    def _read(self, stack: str) -> dict[str, Any]:
        return dict(yaml.safe_load((self.root / f"Pulumi.{stack}.yaml").read_text()))

    def _write(self, stack: str, config: Mapping[str, Any]) -> None:
        (self.root / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(dict(config)))

    def prefect_settings(self, stack: str) -> dict[str, Any]:
        """Return the stack's Prefect settings."""
        key = f"{self.name}:prefect"
        return dict(self._read(stack)["config"][key])

    def set_prefect(self, stack: str, settings: Mapping[str, Any]) -> None:
        """Write the stack's Prefect settings."""
        config = self._read(stack)
        config["config"][f"{self.name}:prefect"] = dict(settings)
        self._write(stack, config)

    def configure(self, stack: str, **workspace: Any) -> None:
        """Change the settings of the stack's workspace."""
        settings = self.prefect_settings(stack)
        settings["workspace"] |= workspace
        self.set_prefect(stack, settings)

    def on(self, stack: str, *arguments: str, code: int | None = 0) -> str:
        """Run `pulumi` on a stack and return all that it printed."""
        if stack not in self._stacks:
            self("stack", "select", "--create", stack)
            self._stacks.add(stack)
        done = self(*arguments, "--stack", stack, code=code)
        return done.stdout + done.stderr

    def up(self, stack: str, *options: str, code: int | None = 0) -> str:
        """Bring a stack up."""
        return self.on(stack, "up", "--yes", "--skip-preview", *options, code=code)

    def assert_settled(self, stack: str) -> None:
        """Have neither the program nor the services anything to change."""
        expect = ("--expect-no-changes", "--diff")
        self.on(stack, "preview", *expect)
        self.on(stack, "refresh", "--preview-only", *expect)

    def platform(self, stack: str) -> dict[str, Any]:
        """Return the stack's output for other teams."""
        shown = self.on(stack, "stack", "output", "flowground", "--json")
        return dict(json.loads(shown))

    def credentials(self, stack: str) -> dict[str, Any]:
        """Return what opens the stack's doors, in plaintext."""
        whole = ("stack", "output", "credentials", "--json", "--show-secrets")
        return dict(json.loads(self.on(stack, *whole)))

    def api(self, stack: str) -> httpx.Client:
        """Open the API of the stack's workspace, as its owner."""
        return self.cloud.client(base_url=self.platform(stack)["prefect"]["api_url"])

    def prefect(self, stack: str, *arguments: str) -> str:
        """Run the real `prefect` command in the stack's workspace."""
        url = self.platform(stack)["prefect"]["api_url"]
        done = subprocess.run(
            [str(PREFECT), *arguments],
            env={**self.env, "PREFECT_API_URL": url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def state_files(self) -> str:
        """Return every byte of the backend, checkpoints, history and backups."""
        folder = self.root.parent / "state"
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files
        return "\n".join(path.read_text(errors="replace") for path in files)
