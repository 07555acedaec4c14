"""Stacks on the real engine, in the mode that the make targets run them in.

That is one checkpoint a run and a journal (docs/adr/0004-journal.md). The preview and
the guardrails that `make up` adds are left out: each is a run of its own.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from bench.processes import Cost, measured
from components.kernel.journal import VARIABLE, Journal
from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

    from bench.deployments import Shape

# The program runs once in each, as in an `apply` of Terraform.
COMMANDS: Final = {
    "up": ("up", "--yes", "--skip-preview"),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
    "preview": ("preview",),
}
# Which command each phase of a stack's life is, in their order.
PHASES: Final = {
    "cold up": "up",
    "no-op up": "up",
    "preview": "preview",
    "refresh": "refresh",
    "one-change up": "up",
    "destroy": "destroy",
}
_CHANGED: Final = "one-change up"
# In a module, so that the provider is pickled by its name: the SDK's pickler nests a
# level deeper with each resource, and a provider pickled by value ends at the 313th.
_NOTHING: Final = """
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider


    class Nothing(ResourceProvider):
        serialize_as_secret_always = False

        def create(self, props):
            return CreateResult(props["name"], props)


    class Empty(Resource, name="Empty"):
        pass
"""
_EMPTY: Final = """
    from nothing import Empty, Nothing

    for number in range({number}):
        Empty(Nothing(), f"empty-{{number}}", {{"name": f"empty-{{number}}"}})
"""


class MeasuredStack(Project):
    """A stack in a backend of its own.

    Args:
        folder: An empty folder.
        checkpoints: Whether the engine writes its state after each step.
    """

    def __init__(self, folder: Path, *, checkpoints: bool = False) -> None:
        super().__init__(folder)
        self._journal = folder / "journal"
        self.env |= {
            "PULUMI_SKIP_CHECKPOINTS": "false" if checkpoints else "true",
            VARIABLE: str(self._journal),
        }

    def run(self, name: str) -> Cost:
        """Run one command, and end its journal as the make targets do."""
        command = self.command(*COMMANDS[name])
        cost = measured(command, cwd=self.root, env=self.env)
        Journal(self._journal).clear()
        return cost


class EmptyStack(MeasuredStack):
    """As many dynamic resources that do nothing: what the engine takes for itself."""

    def __init__(self, folder: Path, number: int, *, checkpoints: bool) -> None:
        super().__init__(folder, checkpoints=checkpoints)
        self.write("nothing.py", _NOTHING)
        self.program(_EMPTY.format(number=number))


class PrefectStack(MeasuredStack):
    """This checkout's program, with the measured deployments as its config.

    Args:
        folder: An empty folder.
        shape: What it has.
        url: The server's API.
    """

    def __init__(self, folder: Path, shape: Shape, url: str) -> None:
        super().__init__(folder)
        self._shape = shape
        self._project = folder / "deployments"
        own = {k: v for k, v in self.env.items() if not k.startswith("PREFECT_")}
        self.env = own | {
            "PREFECT_API_URL": url,
            "PREFECT_HOME": str(folder / "prefect"),
        }
        for name in ("components", "flows"):
            (self.root / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "__main__.py", self.root)
        settings: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
        self.save(**(settings | {"name": "probe", "runtime": self.runtime()}))
        self.configure(shape)

    def configure(self, shape: Shape) -> None:
        """Write the stack's config, and the deployments that it names."""
        shape.write_project(self._project)
        given = {
            "probe:tier": "dev",
            "probe:prefect": shape.settings(self._project),
        }
        file = self.root / "Pulumi.dev.yaml"
        kept = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump(kept | {"config": given}))

    def take(self, phase: str) -> Cost:
        """Take it through a phase; before one of them a deployment changes."""
        if phase == _CHANGED:
            self.configure(replace(self._shape, changed=True))
        return self.run(PHASES[phase])
