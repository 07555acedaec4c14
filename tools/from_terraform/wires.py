"""The provider's objects as Prefect's API would write them.

The provider fills in what the API leaves out by Go's zero values: an empty text, a
UUID of zeros. Those are nothing, where nothing is possible.
"""

from __future__ import annotations

import json
from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from components.kernel import RefusedError
from components.prefect.block_schema import holds_secret

from .automations import actions, plain, trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from components.kernel import Wire

    from .state import Instance

Attributes: TypeAlias = dict[str, Any]

_ZERO: Final = "00000000-0000-0000-0000-000000000000"
_STEPS: Final = {
    **{
        name: f"prefect.deployments.steps.{name}"
        for name in (
            *("git_clone", "run_shell_script"),
            *("pip_install_requirements", "set_working_directory"),
        )
    },
    "pull_from_azure_blob_storage": (
        "prefect_azure.deployments.steps.pull_from_azure_blob_storage"
    ),
    "pull_from_gcs": "prefect_gcp.deployments.steps.pull_from_gcs",
    "pull_from_s3": "prefect_aws.deployments.steps.pull_from_s3",
}
_TIMINGS: Final = {
    "cron": ("cron", "timezone", "day_or"),
    "interval": ("interval", "timezone", "anchor_date"),
    "rrule": ("rrule", "timezone"),
}


class Writer:
    """Writes instances, of which some are parts of others.

    Attributes:
        kinds: The kinds that it can write, by the provider's type.
    """

    def __init__(
        self, instances: Iterable[Instance], in_the_open: Sequence[str]
    ) -> None:
        """Take note of the parts.

        Args:
            instances: All of a workspace.
            in_the_open: Which fields of blocks are no secrets: patterns on
                `TYPE.FIELD`.
        """
        self._in_the_open = in_the_open
        self._schedules: dict[str, list[Attributes]] = defaultdict(list)
        self._schemas: dict[str, Attributes] = {}
        slugs: dict[str, str] = {}
        for one in instances:
            if one.type == "deployment_schedule":
                self._schedules[one.attributes["deployment_id"]].append(one.attributes)
            elif one.type == "block_schema":
                self._schemas[one.attributes["block_type_id"]] = one.attributes
            elif one.type == "block_type":
                slugs[one.id] = one.attributes["slug"]
        # Of its own types the state says which fields are secret.
        self._fields = {
            slugs[id_]: json.loads(schema["fields"] or "{}")
            for id_, schema in self._schemas.items()
            if id_ in slugs
        }
        self.kinds: dict[str, tuple[str, Callable[[Attributes], Wire]]] = {
            "variable": ("Variable", _variable),
            "block_type": ("BlockType", self._block_type),
            "block": ("Block", self._block),
            "work_pool": ("WorkPool", _work_pool),
            "work_queue": ("WorkQueue", _work_queue),
            "global_concurrency_limit": ("GlobalConcurrencyLimit", _limit),
            "task_run_concurrency_limit": ("TagConcurrencyLimit", dict),
            "flow": ("Flow", lambda a: {**a, "tags": a["tags"] or [], "labels": {}}),
            "deployment": ("Deployment", self._deployment),
            "automation": ("Automation", _automation),
            "webhook": ("Webhook", lambda a: {**a, "slug": ""}),
        }

    def _block_type(self, a: Attributes) -> Wire:
        schema = self._schemas.get(a["id"])
        written = schema and {
            "id": schema["id"],
            "fields": json.loads(schema["fields"] or "{}"),
            "capabilities": schema["capabilities"] or [],
        }
        return {**a, "schema": written or None}

    def _block(self, a: Attributes) -> Wire:
        if not a.get("data"):
            raise RefusedError(
                "its data is write-only, so Terraform's state has none; take it over "
                "by `components.discover`, or write it by hand"
            )
        data = json.loads(a["data"])
        hidden = [key for key, value in data.items() if self._hides(a, key, value)]
        return {
            "id": a["id"],
            "name": a["name"],
            "updated": a["updated"],
            "block_type": {"slug": a["type_slug"]},
            "block_schema": {"fields": {"secret_fields": hidden}},
            "block_document_references": {},
            "data": data,
        }

    def _hides(self, a: Attributes, key: str, value: Any) -> bool:
        if a["type_slug"] in self._fields:
            return holds_secret(self._fields[a["type_slug"]], key, value)
        # The provider holds all of it to be sensitive; so does this, but for what
        # can be no secret.
        if value is None or isinstance(value, bool | int | float):
            return False
        if isinstance(value, dict) and [*value] == ["$ref"]:
            return False
        name = f"{a['type_slug']}.{key}"
        return not any(fnmatchcase(name, one) for one in self._in_the_open)

    def _deployment(self, a: Attributes) -> Wire:
        limit = a.get("concurrency_limit")
        other = _some(a.get("global_concurrency_limit_id"))
        own = {"name": f"deployment:{a['id']}", "limit": limit}
        texts = ("entrypoint", "path", "version", "description")
        names = ("work_pool_name", "work_queue_name", "storage_document_id")
        return {
            **a,
            **{field: _some(a.get(field)) for field in (*texts, *names)},
            "tags": a.get("tags") or [],
            "labels": {},
            "inherited": {},
            "schedules": [_schedule(one) for one in self._schedules[a["id"]]],
            "pull_steps": [_step(one) for one in a.get("pull_steps") or ()],
            "parameters": json.loads(a.get("parameters") or "{}"),
            "job_variables": json.loads(a.get("job_variables") or "{}"),
            "parameter_openapi_schema": json.loads(
                a.get("parameter_openapi_schema") or "{}"
            ),
            "global_concurrency_limit": (
                {"name": "", "id": other} if other else own if limit else None
            ),
        }


def _some(value: Any) -> Any:
    return None if value in ("", _ZERO) else value


def _variable(a: Attributes) -> Wire:
    return {**a, "value": plain(a["value"]), "tags": a["tags"] or []}


def _work_pool(a: Attributes) -> Wire:
    template = json.loads(a.get("base_job_template") or "{}")
    return {
        **a,
        "is_paused": bool(a["paused"]),
        "base_job_template": template,
        "storage_configuration": {},
    }


def _work_queue(a: Attributes) -> Wire:
    return {**a, "is_paused": bool(a["is_paused"])}


def _limit(a: Attributes) -> Wire:
    decay = a.get("slot_decay_per_second")
    return {
        **a,
        "active": a["active"] is not False,
        "slot_decay_per_second": decay or 0,
    }


def _automation(a: Attributes) -> Wire:
    when = ("actions", "actions_on_trigger", "actions_on_resolve")
    return {
        **a,
        "description": a["description"] or "",
        "trigger": trigger(a["trigger"]),
        **{key: actions(a.get(key)) for key in when},
        "tags": [],
    }


def _schedule(a: Attributes) -> Wire:
    (sort,) = [sort for sort in _TIMINGS if a.get(sort) not in (None, "", 0)]
    timing = {key: a.get(key) for key in _TIMINGS[sort]}
    most = a.get("max_scheduled_runs")
    return {
        "id": a["id"],
        "active": bool(a["active"]),
        "schedule": {k: v for k, v in timing.items() if v not in (None, "")},
        "parameters": json.loads(a.get("parameters") or "{}"),
        "max_scheduled_runs": int(most) if most else None,
        "slug": _some(a.get("slug")),
    }


def _step(a: Attributes) -> Wire:
    if a.get("access_token"):
        raise RefusedError(
            "a pull step has an access token in the open; put it into a block, and "
            "take the deployment over by `components.discover`"
        )
    given = {k: v for k, v in a.items() if k != "type" and v is not None}
    return {_STEPS[a["type"]]: given}
