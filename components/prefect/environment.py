"""One environment's Prefect, from its settings: the workspace and all in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pulumi

from components.kernel import ConfigurationError, Lookup, ManagedResource, resolve

from .addresses import api_url, ui_url
from .automation import Automation
from .base import WorkspaceLike
from .block import Block
from .block_type import BlockType
from .deployment import Deployment
from .flow import Flow
from .flow_code import describe_entrypoint
from .global_concurrency_limit import GlobalConcurrencyLimit
from .modal_push_pool import ModalPushPool
from .project import FlowProject, Overlay, Surroundings
from .schedule import Schedule
from .service_account import ServiceAccount
from .settings import DeploymentSettings, PrefectSettings, WorkPoolSettings
from .tag_concurrency_limit import TagConcurrencyLimit
from .variable import Variable
from .webhook import Webhook
from .work_pool import WorkPool
from .work_queue import WorkQueue
from .workspace import Workspace
from .workspace_access import WorkspaceAccess

SETTINGS_PATH: Final = "prefect"


class PrefectEnvironment(pulumi.ComponentResource):
    """The workspace of one environment, and everything that the stack keeps in it.

    Attributes:
        workspace: The workspace; None where there is only a server.
        service_accounts, work_pools, work_queues, variables, blocks, flows,
        flow_projects, automations: What was made, by the key in the settings.
        deployments: Those of the settings by key, those of flow projects by name (or
        by `flow/name`, where several flows have one so named).
    """

    def __init__(
        self,
        resource_name: str,
        settings: PrefectSettings,
        *,
        protect: bool,
        schedules: bool,
        groups: Mapping[str, Lookup],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the environment.

        Args:
            resource_name: Its name in the program and in state.
            settings: What it holds.
            protect: Keep the workspace from being deleted by any update.
            schedules: Whether schedules run where the settings do not say.
            groups: What its settings may refer to, by the word before the dot; the
                stack's secrets always.
            opts: Pulumi's resource options.
        """
        super().__init__("flowground:prefect:Environment", resource_name, None, opts)
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        self._schedules = (
            schedules if settings.schedules is None else (settings.schedules == "on")
        )
        self._prefix = _prefix(settings)
        self.workspace = self._workspace(protect=protect)
        self._in: WorkspaceLike = self.workspace
        self._groups = dict(groups)

        self.service_accounts = self._service_accounts()
        self.variables = self._each(Variable, "variables")
        self.block_types = {
            slug: BlockType(
                slug,
                slug=slug,
                **self._resolved(entry, "block_types", slug),
                workspace=self._in,
                opts=self._child,
            )
            for slug, entry in settings.block_types.items()
        }
        self.blocks: dict[str, Block] = {}
        self._begun: set[str] = set()
        self._groups["blocks"] = self._block
        for key in settings.blocks:
            self._block(key)
        self.work_pools: dict[str, WorkPool] = {}
        self.work_queues: dict[str, dict[str, WorkQueue]] = {}
        self._work_pools()
        self._groups["work_pools"] = _ids(self.work_pools)
        self._groups["work_queues"] = _ids(
            {
                f"{pool}/{name}": queue
                for pool, queues in self.work_queues.items()
                for name, queue in queues.items()
            }
        )
        self.concurrency_limits = self._each(
            GlobalConcurrencyLimit, "concurrency_limits"
        )
        self._groups["concurrency_limits"] = _ids(self.concurrency_limits)
        self.tag_concurrency_limits = self._each(
            TagConcurrencyLimit, "tag_concurrency_limits", named="tag"
        )
        self.flows: dict[str, Flow] = {}
        for name in settings.flows:
            self._flow_named(name)
        self.flow_projects = self._flow_projects()
        self.deployments = {
            name: self._deployment(name, one)
            for name, one in settings.deployments.items()
        } | self._of_projects()
        self._groups["deployments"] = _ids(self.deployments)
        self.automations = self._each(Automation, "automations")
        self.webhooks = self._each(Webhook, "webhooks")
        self.register_outputs({})

    @property
    def api_url(self) -> pulumi.Output[str]:
        """The address that PREFECT_API_URL must be set to, to work in it."""
        return api_url(self.workspace)

    @property
    def ui_url(self) -> pulumi.Output[str]:
        """The address of its pages for people."""
        return ui_url(self.workspace)

    @property
    def groups(self) -> dict[str, Lookup]:
        """What other parts of the stack may refer to, by the word before the dot."""
        keys = {name: one.api_key for name, one in self.service_accounts.items()}
        return {
            "prefect": {"api_url": self.api_url, "ui_url": self.ui_url}.get,
            "service_account_keys": keys.get,
        }

    def _workspace(self, *, protect: bool) -> Workspace | None:
        wanted = self._settings.workspace
        match wanted.layout:
            case "server":
                return None
            case "shared":
                return Workspace.get(
                    "workspace", handle=wanted.handle, opts=self._child
                )
            case "own":
                return Workspace(
                    "workspace",
                    handle=wanted.handle,
                    name=wanted.name,
                    description=wanted.description,
                    force_destroy=wanted.force_destroy,
                    opts=pulumi.ResourceOptions(parent=self, protect=protect),
                )

    def _service_accounts(self) -> dict[str, ServiceAccount]:
        """Make accounts, which are the whole account's, under the stack's name."""
        made: dict[str, ServiceAccount] = {}
        for name, one in self._settings.service_accounts.items():
            account = ServiceAccount(
                name,
                name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
                **one.account,
                opts=self._child,
            )
            made[name] = account
            if one.workspace_role is not None:
                WorkspaceAccess(
                    name,
                    accessor_type="service_account",
                    accessor_id=account.id,
                    role=one.workspace_role,
                    workspace=self._in,
                    opts=self._child,
                )
        return made

    def _each(
        self, resource: type[Any], group: str, *, named: str = "name"
    ) -> dict[str, Any]:
        """Make one resource for each entry of a group of the settings."""
        entries: Mapping[str, Mapping[str, Any]] = getattr(self._settings, group)
        return {
            name: resource(
                name,
                **{named: f"{self._prefix}{name}"},
                **self._resolved(entry, group, name),
                workspace=self._in,
                opts=self._child,
            )
            for name, entry in entries.items()
        }

    def _block(self, key: str) -> pulumi.Output[str] | None:
        """Make a block after its type, and after the blocks that it refers to.

        In whatever order they are written: the engine hands mappings over sorted.
        """
        if key not in self._settings.blocks:
            return None
        if key not in self.blocks:
            if key in self._begun:
                raise ConfigurationError(
                    f"{SETTINGS_PATH}.blocks.{key}: refers to itself, by way of the "
                    f"blocks that it refers to; take one of the references out"
                )
            self._begun.add(key)
            fields = self._resolved(self._settings.blocks[key], "blocks", key)
            name = fields.pop("name", key)
            type_ = self.block_types.get(fields["type_slug"])
            self.blocks[key] = Block(
                key,
                name=f"{self._prefix}{name}",
                **fields,
                workspace=self._in,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[] if type_ is None else [type_]
                ),
            )
        return self.blocks[key].id

    def _resolved(
        self, entry: Mapping[str, Any], group: str, name: str
    ) -> dict[str, Any]:
        path = f"{SETTINGS_PATH}.{group}.{name}"
        return dict(resolve(entry, self._groups, path))

    def _work_pool(self, name: str, one: WorkPoolSettings) -> WorkPool:
        fields = {
            "name": f"{self._prefix}{name}",
            **self._resolved(one.pool, "work_pools", name),
            "workspace": self._in,
            "opts": self._child,
        }
        if one.modal_token is None:
            return WorkPool(name, **fields)
        del fields["type"]
        token = self._resolved(dict(one.modal_token), "work_pools", name)
        return ModalPushPool(
            name, token_id=token["id"], token_secret=token["secret"], **fields
        ).work_pool

    def _work_pools(self) -> None:
        for name, one in self._settings.work_pools.items():
            pool = self.work_pools[name] = self._work_pool(name, one)
            self.work_queues[name] = {
                queue: WorkQueue(
                    f"{name}/{queue}",
                    name=queue,
                    work_pool=pool,
                    **entry,
                    workspace=self._in,
                    opts=self._child,
                )
                for queue, entry in one.queues.items()
            }

    def _flow_projects(self) -> dict[str, FlowProject]:
        blocks = self._settings.blocks
        around = Surroundings(
            variables=self.variables,
            blocks={
                f"{entry['type_slug']}.{entry.get('name', key)}": self.blocks[key]
                for key, entry in blocks.items()
            },
            work_pools=self.work_pools,
            work_queues=self.work_queues,
            flows=self.flows,
            # In a shared workspace they are every stack's, and outlive each.
            keep_flows=self._settings.workspace.layout == "shared",
        )
        made: dict[str, FlowProject] = {}
        for name, one in self._settings.flow_projects.items():
            path = f"{SETTINGS_PATH}.flow_projects.{name}"
            settings = one.model_copy(
                update={
                    **self._resolved_overlay(one, path),
                    "overrides": {
                        deployment: overlay.model_copy(
                            update=self._resolved_overlay(
                                overlay, f"{path}.overrides.{deployment}"
                            )
                        )
                        for deployment, overlay in one.overrides.items()
                    },
                }
            )
            made[name] = FlowProject(
                name,
                settings,
                schedules=self._schedules,
                prefix=self._prefix,
                workspace=self._in,
                surroundings=around,
                opts=self._child,
            )
        return made

    def _resolved_overlay(self, overlay: Overlay, path: str) -> dict[str, Any]:
        return {
            field: resolve(getattr(overlay, field), self._groups, f"{path}.{field}")
            for field in ("parameters", "job_variables")
        }

    def _of_projects(self) -> dict[str, Deployment]:
        """Return the deployments of all projects, by the shortest name that tells."""
        made = [
            one for p in self.flow_projects.values() for one in p.deployments.items()
        ]
        names = Counter(full.partition("/")[2] for full, _ in made)
        return {
            full.partition("/")[2] if names[full.partition("/")[2]] == 1 else full: one
            for full, one in made
        }

    def _deployment(self, name: str, one: DeploymentSettings) -> Deployment:
        fields = self._resolved(one.deployment, "deployments", name)
        pool = fields["work_pool"] = fields.pop("work_pool_name", None)
        depends: list[pulumi.Resource] = []
        if pool in self.work_pools:
            fields["work_pool"] = self.work_pools[pool]
            queue = self.work_queues[pool].get(fields.get("work_queue_name", ""))
            # The server makes a queue that a deployment names and nobody has made.
            depends = [] if queue is None else [queue]
        fields["schedules"] = [
            self._switched(schedule) for schedule in fields.get("schedules", ())
        ]
        fields |= {
            "name": f"{self._prefix}{one.name or name}",
            "workspace": self._in,
            "opts": pulumi.ResourceOptions(parent=self, depends_on=depends),
        }
        if one.flow is not None:
            return Deployment(name, flow=self._flow_named(one.flow), **fields)
        project, entrypoint = Path(one.project or ""), one.entrypoint or ""
        flow = describe_entrypoint(project, entrypoint).name
        return Deployment.from_entrypoint(
            name,
            flow=self._flow_named(flow),
            project=project,
            entrypoint=entrypoint,
            **fields,
        )

    def _switched(self, schedule: Schedule) -> Schedule:
        if self._schedules:
            return schedule
        return schedule.model_copy(update={"active": False})

    def _flow_named(self, name: str) -> Flow:
        """Return a flow; deployments of one flow share it."""
        if name not in self.flows:
            shared = self._settings.workspace.layout == "shared"
            self.flows[name] = Flow(
                name,
                **self._settings.flows.get(name, {}),
                workspace=self._in,
                # In a shared workspace it is every stack's, and outlives each.
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=shared),
            )
        return self.flows[name]


def _prefix(settings: PrefectSettings) -> str:
    if settings.workspace.prefix is not None:
        return settings.workspace.prefix
    return f"{pulumi.get_stack()}-" if settings.workspace.layout == "shared" else ""


def _ids(made: Mapping[str, ManagedResource]) -> Lookup:
    return lambda name: made[name].id if name in made else None
