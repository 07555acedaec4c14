"""An environment's Prefect, as its settings say."""

from __future__ import annotations

from typing import Any

import pulumi

from components.prefect.environment import PrefectEnvironment
from components.prefect.settings import PrefectSettings
from tests.unit.kernel.program import Run, run

SECRET = "as-canary"


def declared(**groups: Any) -> Run:
    """Declare an environment on a server without workspaces."""
    given = {"workspace": {"layout": "server"}, **groups}

    def program() -> None:
        PrefectEnvironment(
            "prefect",
            PrefectSettings.model_validate(given),
            protect=False,
            schedules=False,
            groups={"secrets": {"s": pulumi.Output.secret(SECRET)}.get},
        )

    return run(program)


def test_a_push_pool_with_a_modal_token_gets_its_credentials() -> None:
    """What `--provision-infra` makes, the pool's queues beside it."""
    pool = {
        "pool": {"type": "modal:push", "description": "in Modal"},
        "modal_token": {"id": "ak-1", "secret": "${secrets.s}"},
        "queues": {"urgent": {"priority": 1}},
    }
    made = {
        one.type.rpartition(":")[2]: one
        for one in declared(work_pools={"p": pool}).registered
    }
    assert made["Block"].inputs["name"] == "p-modal-credentials"
    assert "secrets" in made["Block"].secret
    assert made["WorkPool"].inputs["type"] == "modal:push"
    assert made["WorkPool"].inputs["description"] == "in Modal"
    assert made["WorkQueue"].inputs["work_pool_name"] == "p"
