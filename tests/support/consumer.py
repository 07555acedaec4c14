"""Another team's Pulumi program: on the backend of a stack that it reads."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from tests.support.platform_project import PlatformProject


class Consumer(Project):
    """An example of examples/, or a program of the test's own."""

    def __init__(
        self, folder: Path, producer: Project, packages: Path, example: str = ""
    ) -> None:
        """Put the program beside the stacks of the producer.

        Args:
            folder: Where the program goes.
            producer: Whose backend and passphrase it has.
            packages: Where the installed `components` are.
            example: The folder's name under examples/; a program is written if none.
        """
        super().__init__(folder)
        (self.root / "Pulumi.dev.yaml").unlink()  # of the backend that it leaves
        same = ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")
        self.env |= {name: producer.env[name] for name in same}
        self.env["PYTHONPATH"] = str(packages)
        settings: dict[str, Any] = {"name": "reports", "runtime": self.runtime()}
        if example:
            shutil.copytree(ROOT / "examples" / example, self.root, dirs_exist_ok=True)
            settings = yaml.safe_load((self.root / "Pulumi.yaml").read_text())
            if settings["runtime"] != "yaml":
                settings["runtime"] = self.runtime()
        # Any number of them can live on one backend.
        settings["name"] += f"-{uuid.uuid4().hex[:6]}"
        self.settings = settings
        self.save()
        self("stack", "init", "dev")

    def reads(self, stack: str) -> None:
        """Say which stack to build on."""
        self("config", "set", "platform", stack)

    def up(self, code: int | None = 0) -> str:
        """Bring the program up, and return all that it printed."""
        done = self("up", "--yes", "--skip-preview", code=code)
        return done.stdout + done.stderr


def full_name(platform: PlatformProject, stack: str) -> str:
    """Return a stack's name as other programs know it, on a backend of one's own."""
    return f"organization/{platform.name}/{stack}"
