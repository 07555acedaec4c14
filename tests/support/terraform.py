"""A workspace as terraform-provider-prefect makes it, and the state that it writes.

The requests are those of its clients (`internal/client`, `internal/api` at d7f1aa4),
and the attributes those of its resources' models (`internal/provider/resources`): null
where nothing was set, computed values as it reads them back, JSON as text.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

_PROVIDER = 'provider["registry.terraform.io/prefecthq/prefect"]'
_ZERO = "00000000-0000-0000-0000-000000000000"
_STEP = (
    *("type", "credentials", "requires", "directory", "script", "env"),
    *("stream_output", "expand_env_vars", "requirements_file", "repository", "branch"),
    *("access_token", "include_submodules", "bucket", "container", "folder"),
)
_ACTION = (
    *("type", "source", "automation_id", "block_document_id", "deployment_id"),
    *("work_pool_id", "work_queue_id", "subject", "body", "emails", "payload"),
    *("name", "state", "message", "schedule_id"),
)
PASSWORD = "pa55-in-the-state"
TEMPLATE = {
    "job_configuration": {"command": "{{ command }}", "env": "{{ env }}"},
    "variables": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "env": {"type": "object"}},
    },
}


class Terraform:
    """Makes objects as an apply does, and notes them as its state does."""

    def __init__(self, api: httpx.Client, account_id: str, workspace_id: str) -> None:
        self._api = api
        self._place = {"account_id": account_id, "workspace_id": workspace_id}
        self._resources: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send what the provider's client sends."""
        answer = self._api.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def note(
        self, kind: str, label: str, made: Any, key: object = None, /, **attributes: Any
    ) -> Any:
        """Note an object in the state, under Terraform's own label."""
        base = {k: made.get(k) for k in ("id", "created", "updated")}
        instance: dict[str, Any] = {
            "schema_version": 1 if kind == "variable" else 0,
            "attributes": {**base, **self._place, **attributes},
            "sensitive_attributes": [],
        }
        if key is not None:
            instance["index_key"] = key
        self._resources.setdefault((kind, label), []).append(instance)
        return made

    def state(self) -> str:
        """Return `terraform.tfstate`."""
        resources = [
            {
                "mode": "managed",
                "type": f"prefect_{kind}",
                "name": name,
                "provider": _PROVIDER,
                "instances": instances,
            }
            for (kind, name), instances in self._resources.items()
        ]
        data = {**resources[0], "mode": "data", "name": "looked_up"}
        other = {**resources[0], "type": "aws_s3_bucket", "provider": "aws"}
        return json.dumps(
            {
                "version": 4,
                "terraform_version": "1.11.6",
                "serial": 7,
                "lineage": str(uuid.uuid4()),
                "outputs": {},
                "resources": [*resources, data, other],
                "check_results": None,
            }
        )

    def make(self) -> None:
        """Make and note a team's platform."""
        for n, value in enumerate(["on", 7, {"a": [1, None], "b": "x"}, True]):
            self._variable(f"v_{n}", value, key=n)
        pool, queue = self._pools()
        block = self._blocks()
        limit = self._limits()
        self._webhook()
        deployment = self._deployments(limit)
        self._automations(deployment, pool, queue, block)
        self._unlike()

    def _variable(self, name: str, value: Any, key: object) -> None:
        body = {"name": name, "value": value, "tags": ["b", "a"]}
        made = self.call("POST", "/variables/", body)
        types = {str: "string", int: "number", bool: "bool", dict: ["object", {}]}
        kept = {"value": value, "type": types[type(value)]}
        told = {"name": name, "value": kept, "tags": ["a", "b"]}
        self.note("variable", "all", made, key, **told)

    def _pools(self) -> tuple[Any, Any]:
        body = {
            "name": "machines",
            "description": "Ours",
            "type": "process",
            "base_job_template": TEMPLATE,
            "is_paused": False,
            "concurrency_limit": 5,
        }
        pool = self.call("POST", "/work_pools/", body)
        told = {k: body[k] for k in ("name", "description", "type")}
        self.note(
            *("work_pool", "machines", pool),
            **told,
            paused=False,
            concurrency_limit=5,
            default_queue_id=pool["default_queue_id"],
            base_job_template=json.dumps(TEMPLATE),
        )
        plain = {"name": "plain", "type": "docker", "base_job_template": {}}
        made = self.call("POST", "/work_pools/", plain)
        self.note(
            *("work_pool", "plain", made),
            name="plain",
            type="docker",
            description="",
            paused=False,
            concurrency_limit=None,
            default_queue_id=made["default_queue_id"],
            base_job_template="{}",
        )
        body = {"name": "fast", "description": "Soon", "concurrency_limit": 2}
        body |= {"is_paused": False, "priority": 1}
        queue = self.call("POST", "/work_pools/machines/queues", body)
        told = dict(body)
        self.note("work_queue", "fast", queue, **told, work_pool_name="machines")
        return pool, queue

    def _blocks(self) -> Any:
        secret = self._block("secret", "api-key", {"value": PASSWORD})
        files = {"basepath": "/dumps"}
        dumps = self._block("local-file-system", "dumps", files)
        fields = {
            "title": "Warehouse",
            "type": "object",
            "properties": {
                "host": {"title": "Host", "type": "string"},
                "port": {"title": "Port", "type": "integer"},
                "password": {
                    "title": "Password",
                    "type": "string",
                    "format": "password",
                    "writeOnly": True,
                },
            },
            "required": ["host", "password"],
            "secret_fields": ["password"],
            "block_type_slug": "warehouse",
            "block_schema_references": {},
        }
        type_ = {"name": "Warehouse", "slug": "warehouse", "description": "Numbers"}
        made = self.call("POST", "/block_types/", type_)
        nothing = dict.fromkeys(("logo_url", "documentation_url", "code_example"))
        self.note(
            "block_type", "warehouse", made, **type_, **nothing, is_protected=False
        )
        body = {"block_type_id": made["id"], "fields": fields, "capabilities": []}
        schema = self.call("POST", "/block_schemas/", body)
        self.note(
            *("block_schema", "warehouse", schema),
            checksum=schema["checksum"],
            fields=json.dumps(fields),
            block_type_id=made["id"],
            block_type="",
            capabilities=[],
            version="",
        )
        self._block(
            "warehouse", "main", {"host": "db", "port": 5432, "password": PASSWORD}
        )
        del dumps
        return secret

    def _block(self, slug: str, name: str, data: Any) -> Any:
        type_ = self.call("GET", f"/block_types/slug/{slug}")
        asked = {"block_schemas": {"block_type_id": {"any_": [type_["id"]]}}}
        schema = self.call("POST", "/block_schemas/filter", asked)[0]["id"]
        body = {"name": name, "data": data, "block_schema_id": schema}
        body |= {"block_type_id": type_["id"]}
        made = self.call("POST", "/block_documents/", body)
        kept = {"name": name, "type_slug": slug, "data": json.dumps(data)}
        nothing = {"data_wo": None, "data_wo_version": None}
        self.note("block", name.replace("-", "_"), made, **kept, **nothing)
        return made

    def _limits(self) -> Any:
        body = {"name": "licences", "limit": 4, "active": True, "active_slots": 0}
        body |= {"slot_decay_per_second": 0.5}
        limit = self.call("POST", "/v2/concurrency_limits/", body)
        self.note("global_concurrency_limit", "licences", limit, **body)
        tag = {"tag": "database", "concurrency_limit": 7}
        made = self.call("POST", "/concurrency_limits/", tag)
        self.note("task_run_concurrency_limit", "database", made, **tag)
        return limit

    def _webhook(self) -> None:
        body = {"name": "orders", "description": "New ones", "enabled": True}
        body |= {"template": '{"event": "order", "resource": {}}'}
        made = self.call("POST", "/webhooks/", body)
        endpoint = f"https://api.prefect.cloud/hooks/{made['slug']}"
        more = {"service_account_id": None, "endpoint": endpoint}
        self.note("webhook", "orders", made, **body, **more)

    def _deployments(self, limit: Any) -> Any:
        flow = self.call("POST", "/flows/", {"name": "etl", "tags": ["team"]})
        self.note("flow", "etl", flow, name="etl", tags=["team"])
        clone = {"repository": "https://git.example/etl", "branch": "main"}
        schema = {"type": "object", "properties": {"day": {"type": "string"}}}
        body = {
            "name": "nightly",
            "flow_id": flow["id"],
            "entrypoint": "flows/etl.py:etl",
            "description": "Loads",
            "tags": ["b", "a"],
            "paused": False,
            "parameters": {"day": "today"},
            "parameter_openapi_schema": schema,
            "enforce_parameter_schema": False,
            "job_variables": {"env": {"A": "1"}},
            "pull_steps": [{"prefect.deployments.steps.git_clone": clone}],
            "work_pool_name": "machines",
            "work_queue_name": "fast",
            "concurrency_limit": 2,
            "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
        }
        made = self.call("POST", "/deployments/", body)
        self._note_deployment("nightly", made, body)
        self._schedule(made, {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}, True)
        self._schedule(made, {"interval": 3600, "timezone": "UTC"}, False)
        small = {
            "name": "small",
            "flow_id": flow["id"],
            "enforce_parameter_schema": True,
            "global_concurrency_limit_id": limit["id"],
        }
        self._note_deployment("small", self.call("POST", "/deployments/", small), small)
        return made

    def _note_deployment(self, name: str, made: Any, body: Any) -> None:
        steps = [
            {**dict.fromkeys(_STEP), "type": key.rpartition(".")[2], **step}
            for one in body.get("pull_steps", ())
            for key, step in one.items()
        ]
        texts = ("description", "entrypoint", "path", "version")
        names = ("work_pool_name", "work_queue_name")
        jsons = ("parameters", "job_variables", "parameter_openapi_schema")
        self.note(
            *("deployment", name, made),
            **{field: body.get(field, "") for field in (*texts, *names)},
            **{field: json.dumps(body.get(field, {})) for field in jsons},
            name=name,
            flow_id=body["flow_id"],
            tags=sorted(body.get("tags", [])),
            paused=False,
            enforce_parameter_schema=body["enforce_parameter_schema"],
            concurrency_limit=body.get("concurrency_limit"),
            concurrency_options=body.get("concurrency_options"),
            global_concurrency_limit_id=body.get("global_concurrency_limit_id", _ZERO),
            storage_document_id=_ZERO,
            pull_steps=steps or None,
        )

    def _schedule(self, deployment: Any, timing: Any, active: Any) -> None:
        sent = {"schedule": timing, "active": active, "parameters": {}}
        path = f"/deployments/{deployment['id']}/schedules"
        (made,) = self.call("POST", path, [sent])
        told = made["schedule"]
        fields = ("cron", "day_or", "interval", "anchor_date", "rrule", "timezone")
        sort = "cron" if "cron" in timing else "interval"
        self.note(
            *("deployment_schedule", sort, made),
            **{field: told.get(field) for field in fields},
            deployment_id=deployment["id"],
            active=active,
            max_scheduled_runs=None,
            parameters="{}",
            slug="",
        )

    def _automations(self, deployment: Any, pool: Any, queue: Any, block: Any) -> None:
        event = {
            "posture": "Reactive",
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {
                "prefect.resource.id": f"prefect.deployment.{deployment['id']}"
            },
            "after": [],
            "expect": ["prefect.flow-run.Failed"],
            "for_each": ["prefect.resource.id"],
            "threshold": 2,
            "within": 60.0,
        }
        run = {"type": "run-deployment", "source": "selected"}
        run |= {"deployment_id": deployment["id"], "parameters": {"day": "again"}}
        pause = {"type": "pause-work-queue", "source": "selected"}
        pause |= {"work_queue_id": queue["id"]}
        self._automation("again", {"type": "event", **event}, [run, pause])
        both = {
            "type": "compound",
            "require": "all",
            "within": 300.0,
            "triggers": [
                {"type": "event", **event},
                {"type": "event", **event, "expect": ["prefect.flow-run.Crashed"]},
            ],
        }
        stop = {"type": "pause-work-pool", "source": "selected"}
        self._automation("stop", both, [stop | {"work_pool_id": pool["id"]}])
        del block

    def _automation(self, name: str, trigger: Any, actions: list[Any]) -> None:
        body = {
            "name": name,
            "description": "",
            "enabled": True,
            "trigger": trigger,
            "actions": actions,
            "actions_on_trigger": [],
            "actions_on_resolve": [],
        }
        made = self.call("POST", "/automations/", body)
        kept = [
            {
                **dict.fromkeys(_ACTION),
                **one,
                "parameters": json.dumps(one.get("parameters", {})),
                "job_variables": "{}",
            }
            for one in actions
        ]
        more = {"actions": kept, "actions_on_trigger": [], "actions_on_resolve": []}
        told = {"name": name, "description": "", "enabled": True, **more}
        self.note("automation", name, made, **told, trigger=_kept(trigger))

    def _unlike(self) -> None:
        """Note what no settings can have."""
        base = {"id": str(uuid.uuid4()), "created": None, "updated": None}
        self.note("service_account", "ci", base, name="ci", api_key=PASSWORD)
        hidden = {"name": "hidden", "type_slug": "secret", "data": None}
        self.note("block", "hidden", base, **hidden, data_wo=None, data_wo_version=1)
        token = {**dict.fromkeys(_STEP), "type": "git_clone"}
        token |= {"repository": "https://git.example/x", "access_token": PASSWORD}
        body = {"flow_id": str(uuid.uuid4()), "enforce_parameter_schema": True}
        self._note_deployment("leaky", base, body)
        kept = self._resources["deployment", "leaky"][0]["attributes"]
        kept["pull_steps"] = [token]


def _kept(trigger: Any) -> dict[str, Any]:
    """Return a trigger as the provider's state has it."""
    sort = trigger["type"]
    fields = {k: v for k, v in trigger.items() if k != "type"}
    for key in ("match", "match_related"):
        if key in fields:
            fields[key] = json.dumps(fields[key])
    if "triggers" in fields:
        fields["triggers"] = [
            {"metric": None, **_kept(one)} for one in fields["triggers"]
        ]
        fields["triggers"] = [
            {key: one[key] for key in ("event", "metric")} for one in fields["triggers"]
        ]
        fields["require"] = {"value": fields["require"], "type": "string"}
    sorts = ("event", "metric", "compound", "sequence")
    return {**dict.fromkeys(sorts), sort: fields}
