"""The peer OpenTofu with terraform-provider-prefect, where both are at hand.

They are named by environment variables, and never fetched:

- FLOWGROUND_TOFU: the `tofu` (or `terraform`) to run.
- FLOWGROUND_TOFU_PREFECT: the folder that has the `terraform-provider-prefect`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bench.deployments import JOB_TEMPLATE, SCHEDULE, Shape
from bench.processes import Cost, measured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOFU: Final = "FLOWGROUND_TOFU"
PROVIDER: Final = "FLOWGROUND_TOFU_PREFECT"
_SOURCE: Final = "prefecthq/prefect"
_SETTINGS: Final = """
provider_installation {
  dev_overrides {
    "%s" = %s
  }
  direct {}
}
"""


def missing(env: Mapping[str, str] = os.environ) -> str | None:
    """Say why it cannot be measured; None if it can."""
    for variable in (TOFU, PROVIDER):
        named = env.get(variable)
        if not named:
            return f"skipped: {variable} names no binary"
        if shutil.which(named) is None and not os.path.isdir(named):  # noqa: PTH112  # as which
            return f"skipped: there is no {named}, which {variable} names"
    return None


def configuration(shape: Shape, url: str) -> dict[str, Any]:
    """Write the same objects as Terraform's JSON."""
    pools = {
        name: {
            "name": name,
            "type": pool["type"],
            "concurrency_limit": pool["concurrency_limit"],
            "base_job_template": json.dumps(JOB_TEMPLATE),
        }
        for name, pool in shape.work_pools.items()
    }
    deployments: dict[str, Any] = {}
    schedules: dict[str, Any] = {}
    for i in range(shape.deployments):
        name = f"deployment-{i}"
        given = shape.deployment(i)
        deployments[name] = {
            **given,
            "name": name,
            "flow_id": f"${{prefect_flow.{shape.flow_of(i)}.id}}",
            "path": "/srv/flows",
            "parameters": json.dumps(given["parameters"]),
            "work_pool_name": f"${{prefect_work_pool.{shape.pool_of(i)}.name}}",
        }
        deployment = f"${{prefect_deployment.{name}.id}}"
        schedules[name] = {**SCHEDULE, "deployment_id": deployment}
    return {
        "terraform": {"required_providers": {"prefect": {"source": _SOURCE}}},
        "provider": {"prefect": {"endpoint": url}},
        "resource": {
            "prefect_work_pool": pools,
            "prefect_variable": {
                name: {"name": name, **value} for name, value in shape.values.items()
            },
            "prefect_flow": {
                name: {"name": name, "tags": ["bench"]} for name in shape.flow_names
            },
            "prefect_deployment": deployments,
            "prefect_deployment_schedule": schedules,
        },
    }


def phases(folder: Path, shape: Shape, url: str) -> dict[str, Cost]:
    """Take the stack through all phases, and leave nothing behind."""
    folder.mkdir(parents=True)
    settings = folder / "tofu.rc"
    settings.write_text(_SETTINGS % (_SOURCE, json.dumps(os.environ[PROVIDER])))
    env = {**os.environ, "TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}

    def tofu(given: Shape, *arguments: str) -> Cost:
        written = json.dumps(configuration(given, url))
        (folder / "main.tf.json").write_text(written)
        command = [os.environ[TOFU], *arguments, "-no-color", "-input=false"]
        return measured(command, cwd=folder, env=env)

    apply = ("apply", "-auto-approve")
    changed = replace(shape, changed=True)
    return {
        "cold up": tofu(shape, *apply),
        "no-op up": tofu(shape, *apply),
        "refresh": tofu(shape, "plan", "-refresh-only"),
        "one-change up": tofu(changed, *apply),
        "destroy": tofu(changed, "destroy", "-auto-approve"),
    }
