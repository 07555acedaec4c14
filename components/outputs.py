"""What other teams consume of a stack: names, ids and addresses; credentials apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi

if TYPE_CHECKING:
    from components.prefect.environment import PrefectEnvironment

SCHEMA: Final = "flowground/v1"


def prefect_outputs(prefect: PrefectEnvironment) -> dict[str, Any]:
    """Say what there is of Prefect, and where."""
    workspace = prefect.workspace
    return {
        "api_url": prefect.api_url,
        "workspace": None
        if workspace is None
        else {"id": workspace.id, "handle": workspace.handle},
        "work_pools": {
            name: {
                "name": pool.name,
                "type": pool.type,
                "queues": ["default", *prefect.work_queues[name]],
            }
            for name, pool in prefect.work_pools.items()
        },
        "blocks": {
            name: pulumi.Output.concat(block.type_slug, "/", block.name)
            for name, block in prefect.blocks.items()
        },
        "variables": {name: one.name for name, one in prefect.variables.items()},
        "concurrency_limits": {
            name: one.name for name, one in prefect.concurrency_limits.items()
        },
        "deployments": {
            name: {"id": one.id, "name": one.name, "flow_id": one.flow_id}
            for name, one in prefect.deployments.items()
        },
        "automations": {name: one.id for name, one in prefect.automations.items()},
        "service_accounts": {
            name: one.name for name, one in prefect.service_accounts.items()
        },
    }


def prefect_credentials(prefect: PrefectEnvironment) -> dict[str, pulumi.Output[str]]:
    """Give the API key of each service account, as secrets."""
    return {
        name: pulumi.Output.secret(account.api_key)
        for name, account in prefect.service_accounts.items()
    }
