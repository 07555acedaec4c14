"""GET …/collections/work_pool_types: the types of work pools, with their templates.

Workers' types come from Prefect's package. Of the push and managed types, which only
Prefect Cloud has, `ecs:push`, `cloud-run:push`, `cloud-run-v2:push` and
`azure-container-instance:push` are the packaged worker's template without what only a
worker that watches its jobs would use. The templates of `modal:push`, `coiled:push` and
`prefect:managed` are in no package: these here hold the variables that Prefect's own
provisioners and documentation name.
"""

import copy
import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from localcloud.prefect.account.access import MembershipDep
from localcloud.prefect.provision import MODAL_CREDENTIALS_FIELDS

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}")

Template = dict[str, Any]
VIEW = "server/api/collections_data/views/aggregate-worker-metadata.json"
PUSHED = {
    "prefect-aws": ["ecs"],
    "prefect-gcp": ["cloud-run", "cloud-run-v2"],
    "prefect-azure": ["azure-container-instance"],
}
WATCHING = frozenset(
    {
        "stream_output",
        "job_watch_timeout_seconds",
        "task_watch_poll_interval",
        "task_start_timeout_seconds",
        "keep_job",
    }
)


def _string(title: str, description: str) -> Template:
    return {"title": title, "description": description, "type": "string"}


def _number(title: str, description: str, default: float | None) -> Template:
    kind = "integer" if isinstance(default, int) else "number"
    return {"title": title, "description": description, "type": kind} | (
        {} if default is None else {"default": default}
    )


def _block(title: str) -> Template:
    return {
        "title": title,
        "description": f"The {title} block that the runs are started with.",
        "allOf": [{"$ref": f"#/definitions/{title.replace(' ', '')}"}],
    }


NAME = _string("Name", "Name given to infrastructure created by the work pool.")
IMAGE = _string("Image", "The image reference of the container that runs are made in.")
COMMON: Template = {
    "name": NAME,
    "command": _string("Command", "The command to use when starting a flow run."),
    "env": {
        "title": "Environment Variables",
        "description": "Environment variables to set when starting a flow run.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    "labels": {
        "title": "Labels",
        "description": "Labels applied to infrastructure created by the work pool.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
}
MODAL = COMMON | {
    "image": IMAGE,
    "modal_credentials": _block("Modal Credentials"),
    "cpu": _number("CPU", "How many CPU cores to request.", None),
    "memory": _number("Memory", "How many MiB of memory to request.", None),
    "timeout": _number("Timeout", "Seconds after which a run is ended.", 3600),
}
COILED = COMMON | {
    "image": IMAGE,
    "credentials": _block("Coiled Credentials"),
    "workspace": _string("Workspace", "The Coiled workspace to run in."),
    "region": _string("Region", "The cloud region to run in."),
    "vm_types": {
        "title": "VM Types",
        "description": "The types of machines to run on.",
        "type": "array",
        "items": {"type": "string"},
    },
}
# The fields that `prefect.infrastructure.provisioners.coiled` writes.
COILED_CREDENTIALS = {
    "title": "CoiledCredentials",
    "type": "object",
    "properties": {
        "api_token": {
            "title": "Api Token",
            "description": "A Coiled API token.",
            "type": "string",
            "format": "password",
            "writeOnly": True,
        }
    },
    "required": ["api_token"],
    "secret_fields": ["api_token"],
    "block_type_slug": "coiled-credentials",
    "block_schema_references": {},
}
MANAGED = COMMON | {
    "image": IMAGE,
    "pip_packages": {
        "title": "Pip Packages",
        "description": "Packages to install before the flow runs.",
        "type": "array",
        "items": {"type": "string"},
        "default": [],
    },
    "job_watch_timeout_seconds": _number(
        "Job Watch Timeout Seconds", "Seconds after which a run is ended.", 86400
    ),
}


def _metadata(
    kind: str,
    title: str,
    description: str,
    variables: Template,
    *blocks: Template,
) -> Template:
    definitions = {block["title"]: block for block in blocks}
    return {
        "type": kind,
        "display_name": title,
        "description": description,
        "documentation_url": "https://docs.prefect.io/v3/how-to-guides/deployment_infra",
        "install_command": None,
        "is_beta": False,
        "is_push_pool": kind.endswith(":push"),
        "is_mex": kind.endswith(":managed"),
        "default_base_job_configuration": {
            "job_configuration": {name: f"{{{{ {name} }}}}" for name in variables},
            "variables": {
                "type": "object",
                "description": f"Variables of {title} runs.",
                "properties": variables,
                **({"definitions": definitions} if definitions else {}),
            },
        },
    }


def _pushed(worker: Template) -> Template:
    """Return the push type of a worker's type."""
    metadata = copy.deepcopy(worker)
    kind, title = f"{worker['type']}:push", f"{worker['display_name']} - Push"
    template = metadata["default_base_job_configuration"]
    for name in WATCHING:
        template["variables"]["properties"].pop(name, None)
        template["job_configuration"].pop(name, None)
    extra = {"type": kind, "display_name": title, "install_command": None}
    return metadata | extra | {"is_push_pool": True, "is_mex": False}


@functools.cache
def work_pool_types() -> Template:
    """Return all types by package, as Prefect Cloud serves them."""
    spec = importlib.util.find_spec("prefect")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    types: Template = json.loads((folder / VIEW).read_text())
    for package, kinds in PUSHED.items():
        for kind in kinds:
            push = _pushed(types[package][kind])
            types[package][push["type"]] = push
    types["prefect-modal"] = {
        "modal:push": _metadata(
            "modal:push",
            "Modal - Push",
            "Runs flows in Modal sandboxes.",
            MODAL,
            MODAL_CREDENTIALS_FIELDS,
        )
    }
    types["prefect-coiled"] = {
        "coiled:push": _metadata(
            "coiled:push",
            "Coiled - Push",
            "Runs flows on Coiled.",
            COILED,
            COILED_CREDENTIALS,
        )
    }
    types["prefect"]["prefect:managed"] = _metadata(
        "prefect:managed", "Prefect Managed", "Runs flows for you.", MANAGED
    )
    return types


@router.get("/collections/work_pool_types")
async def read_work_pool_types(_: MembershipDep) -> Template:
    """List the types of work pools."""
    return work_pool_types()
