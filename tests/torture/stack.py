"""The stack that is tortured: of each service what is hard to make exactly once.

Things without a name of their own, keys that are shown once, objects that live in one
another, values that are written and never read.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.mirrors import AFTER, BEFORE, told
from tests.torture.engine import Declared

if TYPE_CHECKING:
    from tests.torture.engine import Inputs, Known, Program

CANARY = "canary-5f1d"


def program(place: dict[str, str], *, version: int) -> Program:
    """Return the program, as it is (1) or as it is after a change (2).

    Args:
        place: The ids and names of what it lives in: `workspace_id`, `repository`, and
            `name`, which is in every name that is the whole account's.
        version: Which; the change makes, updates, renames, replaces and deletes.
    """
    second = version == 2
    name = place["name"]
    inside = {"workspace_id": place["workspace_id"]}
    environment = {"environment_name": name}

    def prefect(key: str, kind: str, **fields: Any) -> Declared:
        return Declared(key, f"prefect:{kind}", lambda _: {**inside, **fields})

    def modal(key: str, kind: str, **fields: Any) -> Declared:
        return Declared(key, f"modal:{kind}", lambda _: {**environment, **fields})

    first = [
        prefect(
            "pool", "WorkPool", name="batch", type="process", concurrency_limit=version
        ),
        prefect("variable", "Variable", name="answer", value=json.dumps(41 + version)),
        prefect("limit", "GlobalConcurrencyLimit", name="db", limit=version),
        prefect("tag", "TagConcurrencyLimit", tag="db", concurrency_limit=version),
        prefect("flow", "Flow", name="etl", tags=["a"], force_destroy=True),
        prefect(
            "block",
            "Block",
            type_slug="secret",
            name="token",
            secrets={"value": json.dumps(f"{CANARY}-{version}")},
        ),
        prefect("only", "Variable", name=f"only-in-{version}", value="null"),
        Declared(
            "account",
            "prefect:ServiceAccount",
            lambda _: {"name": f"{name}-ci", "rotation": str(version)},
        ),
        Declared(
            "environment",
            "modal:Environment",
            lambda _: {"name": name, "force_destroy": True},
        ),
        Declared(
            "bucket",
            "s3:Bucket",
            lambda _: {
                "name": name,
                "versioning": True,
                "tags": {"version": str(version)},
                "force_destroy": True,
            },
        ),
        Declared(
            "key",
            "s3:AccessKey",
            lambda _: {
                "name": name,
                "bucket": name,
                "prefix": "dags/",
                "rotation": str(version),
                "overlap": False,
            },
        ),
        Declared(
            "github environment",
            "github:Environment",
            lambda _: {
                "repository": place["repository"],
                "name": name,
                "deploy_from": "selected",
                "branches": ["main"] if second else ["main", "release/*"],
            },
        ),
    ]
    second_level = [
        prefect(
            "queue", "WorkQueue", work_pool_name="batch", name="urgent", priority=1
        ),
        Declared(
            "access",
            "prefect:WorkspaceAccess",
            lambda known: {
                **inside,
                "accessor_type": "service_account",
                "accessor_id": known["account"].id,
                "role": "Developer",
            },
        ),
        modal("secret", "Secret", name="keys", values={"TOKEN": f"{CANARY}-{version}"}),
        modal("volume", "Volume", name=f"data-{version}", force_destroy=True),
        modal("dict", "Dict", name="state"),
        Declared(
            "user",
            "modal:ServiceUser",
            lambda _: {
                "name": name,
                "environment_roles": {name: "contributor"},
                "rotation": str(version),
                "overlap": False,
            },
        ),
    ]
    second_level.append(
        Declared(
            "files",
            "s3:BucketFiles",
            lambda known: {
                **told(AFTER if second else BEFORE, mode=False),
                "bucket": known["bucket"].outputs["name"],
                "prefix": "dags/",
            },
        )
    )
    third = [
        Declared("deployment", "prefect:Deployment", _deployment(inside, second)),
        *(
            Declared(key, f"github:{kind}", _delivered(place, key.upper(), value))
            for key, kind, value in (
                ("prefect_api_key", "ActionsSecret", ("account", "api_key")),
                ("modal_token_secret", "ActionsSecret", ("user", "token_secret")),
                ("aws_secret", "ActionsSecret", ("key", "secret_access_key")),
                ("modal_token_id", "ActionsVariable", ("user", "token_id")),
            )
        ),
    ]
    last = [
        Declared(
            f"automation {which}",
            "prefect:Automation",
            _automation(inside, which, enabled=second),
        )
        for which in ("one", "two")
    ]
    return [first, second_level, third, last]


def _deployment(inside: dict[str, str], second: bool) -> Inputs:
    def inputs(known: Known) -> dict[str, Any]:
        schedules = [{"cron": "0 9 * * *"}, {"interval": 3600, "active": False}]
        return {
            **inside,
            "name": "nightly",
            "flow_id": known["flow"].id,
            "entrypoint": "etl.py:etl",
            "work_pool_name": "batch",
            "work_queue_name": "urgent",
            "schedules": schedules[:1] if second else schedules,
            "tags": ["b"] if second else [],
        }

    return inputs


def _delivered(place: dict[str, str], name: str, value: tuple[str, str]) -> Inputs:
    source, field = value

    def inputs(known: Known) -> dict[str, Any]:
        return {
            "repository": place["repository"],
            "environment": place["name"],
            "name": name,
            "value": known[source].outputs[field],
        }

    return inputs


def _automation(inside: dict[str, str], which: str, *, enabled: bool) -> Inputs:
    trigger = {"type": "event", "posture": "Reactive", "threshold": 1, "within": 0}

    def inputs(known: Known) -> dict[str, Any]:
        action = {
            "type": "run-deployment",
            "source": "selected",
            "deployment_id": known["deployment"].id,
        }
        return {
            **inside,
            "name": f"react {which}",
            "trigger": json.dumps(trigger | {"expect": [f"{which}.happened"]}),
            "actions": json.dumps([action]),
            "enabled": enabled,
        }

    return inputs
