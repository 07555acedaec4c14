"""Stacks with every service, as `pulumi` tells of them, with canaries in their secrets.

Real stacks are in tests/e2e; these have what no committed stack has yet, and what none
should have: credentials in places where the engine does not know them for secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from components.outputs import read
from tools.catalogue.render import Stack
from tools.catalogue.state import resources

MARK: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGN: Final = "1b47061264138c4ac30d75fd1eb44270"
CANARY: Final = "c4n4ry-8d1f"
CIPHERTEXT: Final = "v1:C1pherText+Canary/:QUJDREVG"
PROJECT: Final = "flowground"
TIME: Final = "2026-11-21T15:25:40.1584956Z"
CANARIES: Final = (CANARY, CIPHERTEXT, MARK, SECRET_SIGN, "ciphertext")

# What differs between the tiers.
LIMITS: Final = {"dev": 2, "staging": 2, "prod": 20}


def secret() -> dict[str, str]:
    """Return a secret as state has it."""
    return {MARK: SECRET_SIGN, "ciphertext": CIPHERTEXT}


def urn(
    stack: str, kind: str, name: str, parent: str = "flowground:prefect:Environment"
):
    """Return a resource's URN."""
    types = f"flowground:index:Platform${parent}$pulumi-python:dynamic/{kind}"
    return f"urn:pulumi:{stack}::{PROJECT}::{types}::{name}"


def resource(
    stack: str,
    kind: str,
    name: str,
    inputs: Mapping[str, Any],
    depends: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return a resource as state has it."""
    return {
        "urn": urn(stack, kind, name),
        "custom": True,
        "id": f"{stack}-{kind}-{name}",
        "type": f"pulumi-python:dynamic/{kind}",
        "inputs": {"__provider": CANARY, **inputs},
        "outputs": {"__claim": CANARY, "api_key": secret()},
        "dependencies": [urn(stack, *on) for on in depends],
        "propertyDependencies": {
            name: [urn(stack, *on) for on in depends] for name in inputs
        },
        "modified": TIME,
        **more,
    }


def export(stack: str) -> dict[str, Any]:
    """Return `pulumi stack export` of a stack with every service."""
    workspace = ("prefect:Workspace", "workspace")
    pool = ("prefect:WorkPool", "modal-push")
    environment = ("modal:Environment", "environment")
    bucket = ("s3:Bucket", "dags")
    token = ("modal:Token", "token")
    delivered = ("github:Environment", "environment")

    def at(id_of: tuple[str, str]) -> str:
        return f"{stack}-{':'.join(id_of[:1])}-{id_of[1]}"

    found = [
        resource(
            stack, *bucket, {"name": f"acme-dags-{stack}", "region": "eu-central-1"}
        ),
        resource(
            stack,
            *environment,
            {"name": f"data-{stack}"},
            protect=stack == "prod",
        ),
        resource(
            stack,
            "modal:Secret",
            "warehouse",
            {"name": "warehouse", "values": {"PASSWORD": secret(), "USER": "etl"}},
            [environment],
        ),
        resource(
            stack,
            "modal:Volume",
            "models",
            {"name": "models", "version": 2, "environment_id": at(environment)},
            [environment],
            protect=stack == "prod",
        ),
        resource(stack, "modal:Dict", "seen", {"name": "seen"}, [environment]),
        resource(stack, "modal:Queue", "work", {"name": "work"}, [environment]),
        resource(
            stack,
            "modal:ServiceUser",
            "machines",
            {"name": f"machines-{stack}"},
            [environment],
        ),
        resource(
            stack, *token, {"token_id": "ak-1"}, [("modal:ServiceUser", "machines")]
        ),
        resource(
            stack, *workspace, {"handle": f"acme-{stack}", "name": f"Acme {stack}"}
        ),
        resource(
            stack,
            *pool,
            {
                "name": "modal-push",
                "type": "modal:push",
                "concurrency_limit": LIMITS[stack],
                "workspace_id": at(workspace),
                "base_job_template": json.dumps({"variables": {"a": "x" * 300}}),
            },
            [workspace, token],
        ),
        resource(
            stack,
            "prefect:WorkQueue",
            "modal-push/urgent",
            {"name": "urgent", "work_pool_name": "modal-push", "priority": 1},
            [workspace, pool],
        ),
        resource(
            stack,
            "prefect:Block",
            "store",
            {
                "name": "store",
                "type_slug": "s3-bucket",
                "data": {
                    "bucket_name": json.dumps(f"acme-dags-{stack}"),
                    "prefix": stack,
                    "url": f"https://etl:{CANARY}@example.com/x",
                },
                "secrets": f"shown by mistake: {CANARY}",
            },
            [workspace, bucket],
            additionalSecretOutputs=["secrets"],
        ),
        resource(
            stack,
            "prefect:Variable",
            "settings",
            {
                "name": "settings",
                "workspace_id": at(workspace),
                "value": json.dumps({"api_key": CANARY, "tokens": [], "mode": "fast"}),
                "tags": ["etl"],
            },
            [workspace],
        ),
        resource(
            stack,
            "prefect:Flow",
            "etl",
            {"name": "etl", "workspace_id": at(workspace)},
            [workspace],
        ),
        resource(
            stack,
            "prefect:Deployment",
            "reports/etl/nightly",
            {
                "name": "nightly",
                "flow_id": at(("prefect:Flow", "etl")),
                "work_pool_name": "modal-push",
                "parameters": json.dumps({"password": CANARY, "limit": None}),
                "schedules": [
                    {"slug": "night", "cron": "0 2 * * *", "active": stack != "dev"}
                ],
                "pull_steps": [[{"clone": {"access_token": secret()}}]],
            },
            [workspace, pool, ("prefect:Flow", "etl"), ("prefect:Block", "store")],
        ),
        resource(
            stack,
            *delivered,
            {"name": stack, "repository": "acme/flows"},
        ),
        resource(
            stack,
            "github:ActionsSecret",
            "MODAL_TOKEN_SECRET",
            {"name": "MODAL_TOKEN_SECRET", "value": secret()},
            [delivered, token],
        ),
        resource(
            stack,
            "github:ActionsVariable",
            "PREFECT_API_URL",
            {"name": "PREFECT_API_URL", "value": "https://api"},
            [delivered, workspace],
        ),
    ]
    if stack == "dev":
        found.append(
            resource(stack, "modal:Queue", "trial", {"name": "trial"}, [environment])
        )
    engines = {"urn": f"urn:pulumi:{stack}::{PROJECT}::pulumi:pulumi:Stack::{stack}"}
    engines |= {"type": "pulumi:pulumi:Stack"}
    outputs = {"credentials": secret()}
    return {
        "version": 3,
        "deployment": {
            "manifest": {"time": TIME},
            "secrets_providers": {"type": "passphrase", "state": {"salt": CANARY}},
            "resources": [{**engines, "outputs": outputs}, *found],
        },
    }


def told(stack: str) -> dict[str, Any]:
    """Return the output `flowground` of the same stack."""
    api = f"https://api.prefect.cloud/api/accounts/a/workspaces/{stack}"
    ui = f"https://app.prefect.cloud/account/a/workspace/{stack}"
    return {
        "schema": "flowground/v1",
        "stack": stack,
        "tier": stack,
        "prefect": {
            "api_url": api,
            "ui_url": ui,
            "workspace": {
                "id": f"{stack}-prefect:Workspace-workspace",
                "handle": f"acme-{stack}",
            },
            "work_pools": {
                "modal-push": {
                    "name": "modal-push",
                    "type": "modal:push",
                    "queues": ["default", "urgent"],
                }
            },
            "blocks": {"store": "s3-bucket/store"},
            "variables": {"settings": "settings"},
            "deployments": {
                "nightly": {
                    "id": f"{stack}-prefect:Deployment-reports/etl/nightly",
                    "name": "nightly",
                    "flow_id": f"{stack}-prefect:Flow-etl",
                    "url": f"{ui}/deployments/deployment/1",
                }
            },
            # The contract can tell of what state does not have: here, of two releases.
            "concurrency_limits": {"warehouse": "warehouse"},
        },
        "modal": {
            "environment": f"data-{stack}",
            "workspace": "acme",
            "secrets": {"warehouse": "warehouse"},
            "volumes": {"models": {"name": "models", "version": 2}},
            "dicts": {"seen": "seen"},
            "queues": {"work": "work"},
            "service_user": f"machines-{stack}",
            "token_expires_at": "2027-02-01T00:00:00Z",
            "airflow": {
                "environment": {"MODALFLOW_ENV": f"data-{stack}"},
                "commands": {"deploy": "modalflow deploy --env 'it'"},
            },
        },
        "s3": {
            "dag_buckets": {
                "dags": {
                    "bucket": f"acme-dags-{stack}",
                    "uri": f"s3://acme-dags-{stack}/dags/",
                    "region": "eu-central-1",
                    "reader": "oidc-role",
                    "role_arn": "arn:aws:iam::1:role/reader",
                }
            }
        },
        "github": {
            "repository": "acme/flows",
            "environment": stack,
            "variables": ["PREFECT_API_URL"],
            "secrets": ["MODAL_TOKEN_SECRET"],
        },
    }


def sample(stack: str) -> Stack:
    """Return a stack as the catalogue has it."""
    name = f"organization/{PROJECT}/{stack}"
    return Stack(read(stack, told(stack)), name, resources(export(stack)), TIME)
