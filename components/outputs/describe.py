"""What a stack's components come to in the contract's terms.

The values are outputs that the engine fills in; `contract.Outputs` says their shape,
and a test holds what a real stack tells against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from components.github.delivery import GitHubDelivery
    from components.modal.platform import ModalPlatform
    from components.prefect.environment import PrefectEnvironment
    from components.s3.dag_bucket import DagBucket
    from components.s3.platform import S3Platform


def prefect_outputs(prefect: PrefectEnvironment) -> dict[str, Any]:
    """Say what there is of Prefect, and where."""
    workspace = prefect.workspace
    return {
        "api_url": prefect.api_url,
        "ui_url": prefect.ui_url,
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
        "tag_concurrency_limits": {
            name: one.tag for name, one in prefect.tag_concurrency_limits.items()
        },
        "deployments": {
            name: {
                "id": one.id,
                "name": one.name,
                "flow_id": one.flow_id,
                "url": pulumi.Output.concat(
                    prefect.ui_url, "/deployments/deployment/", one.id
                ),
            }
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


def modal_outputs(modal: ModalPlatform) -> dict[str, Any]:
    """Say what there is of Modal, and under which names."""
    token, user, airflow = modal.token, modal.service_user, modal.airflow
    return {
        "environment": modal.environment.name,
        "workspace": None if token is None else token.workspace,
        "secrets": {name: one.name for name, one in modal.secrets.items()},
        "volumes": {
            name: {"name": one.name, "version": one.version}
            for name, one in modal.volumes.items()
        },
        "dicts": {name: one.name for name, one in modal.dicts.items()},
        "queues": {name: one.name for name, one in modal.queues.items()},
        "service_user": None if user is None else user.name,
        "token_expires_at": None if token is None else token.expires_at,
        "airflow": None
        if airflow is None
        else {
            "environment": airflow.variables,
            "airflow_environment": airflow.airflow_variables,
            "commands": airflow.commands,
        },
    }


def modal_credentials(modal: ModalPlatform) -> dict[str, Any] | None:
    """Give the token that the stack hands to others, as a secret."""
    if modal.token is None:
        return None
    return {
        "token_id": pulumi.Output.secret(modal.token.token_id),
        "token_secret": pulumi.Output.secret(modal.token.token_secret),
    }


def s3_outputs(s3: S3Platform) -> dict[str, Any]:
    """Say which buckets there are, and by what Modal reads each."""
    return {
        "dag_buckets": {
            name: {
                "bucket": one.bucket.name,
                "uri": one.uri,
                "region": one.region,
                "reader": "oidc-role"
                if one.role
                else "access-key"
                if one.key
                else None,
                "role_arn": one.role and one.role.arn,
            }
            for name, one in s3.dag_buckets.items()
        }
    }


def _reader(bucket: DagBucket) -> str | None:
    if bucket.role is not None:
        return "oidc-role"
    return None if bucket.key is None else "access-key"


def s3_credentials(s3: S3Platform) -> dict[str, Any]:
    """Give the key pair of each bucket that has one, as secrets."""
    return {
        name: {
            "access_key_id": pulumi.Output.secret(one.key.access_key_id),
            "secret_access_key": pulumi.Output.secret(one.key.secret_access_key),
        }
        for name, one in s3.dag_buckets.items()
        if one.key is not None
    }


def github_outputs(github: GitHubDelivery) -> dict[str, Any]:
    """Say where the flows' repository is, and by what names it finds what it needs."""
    return {
        "repository": github.environment.repository,
        "environment": github.environment.name,
        "variables": sorted(github.variables),
        "secrets": sorted(github.secrets),
    }
