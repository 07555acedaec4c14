"""The stack that is measured: N deployments with a schedule each, and what they need.

One description, written as the stack's settings and as a prefect.yaml that flowground
and the `prefect` command both deploy, so that all who are compared make the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

# Off, for every one of them: runs that the server makes meanwhile measure nothing.
SCHEDULE: Final = {"cron": "0 6 * * *", "timezone": "UTC", "active": False}
JOB_TEMPLATE: Final = {
    "job_configuration": {"command": "{{ command }}"},
    "variables": {"type": "object", "properties": {"command": {"type": "string"}}},
}


@dataclass(frozen=True)
class Shape:
    """How much of everything there is.

    Attributes:
        deployments: How many deployments, each with one schedule.
        changed: Whether one of them has other tags: the change of one object.
    """

    deployments: int
    pools: int = 5
    variables: int = 20
    flows: int = 10
    changed: bool = False

    @property
    def resources(self) -> int:
        """How many objects a stack of it has; a schedule is part of its deployment."""
        return self.pools + self.variables + self.flows + self.deployments

    @property
    def objects(self) -> int:
        """How many there are when schedules count by themselves, as Terraform's do."""
        return self.resources + self.deployments

    @property
    def work_pools(self) -> dict[str, dict[str, Any]]:
        """The pools, by name."""
        pool = {"type": "process", "base_job_template": JOB_TEMPLATE}
        return {
            f"pool-{i}": {**pool, "concurrency_limit": i + 1} for i in range(self.pools)
        }

    @property
    def values(self) -> dict[str, dict[str, Any]]:
        """The variables, by name."""
        return {
            f"variable_{i}": {
                "value": {"number": i, "names": ["a", "b"]},
                "tags": ["t"],
            }
            for i in range(self.variables)
        }

    @property
    def flow_names(self) -> list[str]:
        """The flows."""
        return [f"flow-{i}" for i in range(self.flows)]

    def deployment(self, i: int) -> dict[str, Any]:
        """Return what one deployment is, beside its name, flow and pool."""
        return {
            "description": f"Deployment {i}",
            "tags": ["bench", "changed" if self.changed and i == 0 else "same"],
            "entrypoint": f"flows.py:flow_{i % self.flows}",
            "parameters": {"number": i},
        }

    def pool_of(self, i: int) -> str:
        """Return the pool of one deployment."""
        return f"pool-{i % self.pools}"

    def flow_of(self, i: int) -> str:
        """Return the flow of one deployment."""
        return f"flow-{i % self.flows}"

    def settings(self, project: Path) -> dict[str, Any]:
        """Write all of it as the stack's Prefect settings.

        The deployments lie in a prefect.yaml, as so many do: the engine hands a
        program its config in one environment variable, and Linux has 128 KiB for it.

        Args:
            project: The folder that `write_project` wrote.
        """
        return {
            "workspace": {"layout": "server"},
            "work_pools": {n: {"pool": pool} for n, pool in self.work_pools.items()},
            "variables": self.values,
            "flows": {name: {"tags": ["bench"]} for name in self.flow_names},
            "flow_projects": {"bench": {"path": str(project)}},
        }

    def write_project(self, folder: Path) -> None:
        """Write the deployments as a prefect.yaml, with the code of their flows."""
        folder.mkdir(parents=True, exist_ok=True)
        flows = "".join(
            f'@flow(name="flow-{i}")\ndef flow_{i}(number: int = 0) -> int:\n'
            f"    return number\n\n\n"
            for i in range(self.flows)
        )
        (folder / "flows.py").write_text(f"from prefect import flow\n\n\n{flows}")
        deployments = [
            {
                "name": f"deployment-{i}",
                **self.deployment(i),
                "work_pool": {"name": self.pool_of(i)},
                "schedules": [SCHEDULE],
            }
            for i in range(self.deployments)
        ]
        pull = [{"prefect.deployments.steps.set_working_directory": {"directory": "."}}]
        project = {"name": "bench", "pull": pull, "deployments": deployments}
        (folder / "prefect.yaml").write_text(yaml.safe_dump(project))
