"""The stack's config for Prefect: what one environment's workspace holds.

An entry is validated by the very model of its kind, so what may be written here, and
what is refused, is what the kind itself takes; only its name is the entry's key.
Strings may refer to what the stack has: `${secrets.NAME}`, `${work_pools.NAME}`,
`${work_queues.POOL/NAME}`, `${blocks.NAME}`, `${concurrency_limits.NAME}`,
`${deployments.NAME}`, and by `${json_secrets.NAME}` to a secret that is JSON; and to
what the stack has of Modal and S3: `${modal.token_id}`, `${buckets.NAME}`…
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from components.kernel import EntryOf, Part

from .automation import AutomationArgs
from .block import BlockArgs
from .block_type import BlockTypeArgs
from .deployment_model import DeploymentArgs
from .fields import EntityName
from .flow import FlowArgs
from .global_concurrency_limit import GlobalConcurrencyLimitArgs
from .project.overlay import FlowProjectSettings
from .service_account import ServiceAccountArgs
from .tag_concurrency_limit import TagConcurrencyLimitArgs
from .variable import VariableArgs
from .webhook import WebhookArgs
from .work_pool import WorkPoolArgs
from .work_queue import WorkQueueArgs

Entry: TypeAlias = dict[str, Any]
Name: TypeAlias = Annotated[str, Field(min_length=1)]
"""Of a resource in the program, which the engine knows it by."""

_PLACED = ("workspace_id", "name")
# What a deployment is given by what it is declared with.
_RESOLVED = ("flow_id", "work_pool_id")
# What a flow's code says of its deployments.
_IN_CODE = ("entrypoint", "path", "parameter_openapi_schema")


class WorkspaceSettings(Part):
    """Which workspace the environment uses.

    Attributes:
        layout: `own`: this stack makes it and it alone uses it. `shared`: it exists,
            and each stack keeps to its own prefix in it. `server`: there are no
            workspaces, only the server that PREFECT_API_URL names.
        handle: The workspace's handle; with layout `server` there is none.
        name: The display name of an own workspace; the handle if not given.
        description: What an own workspace is for.
        force_destroy: Let `pulumi destroy` delete an own workspace with its flow runs
            and whatever others made in it.
        prefix: Put before the name of all that this stack makes in the workspace;
            with layout `shared` the stack's name and a hyphen if not given.
    """

    layout: Literal["own", "shared", "server"] = "own"
    handle: str | None = None
    name: str | None = None
    description: str = ""
    force_destroy: bool = False
    prefix: Annotated[str, Field(pattern=r"^([a-z0-9-]+-)?$")] | None = None

    @model_validator(mode="after")
    def _has_a_handle(self) -> Self:
        if self.layout == "server" and self.handle is not None:
            raise ValueError(
                "a server has no workspaces; remove `handle`, or set another `layout`"
            )
        if self.layout != "server" and self.handle is None:
            raise ValueError(f"layout `{self.layout}` needs a `handle`; set it")
        return self


class ServiceAccountSettings(Part):
    """A service account, and what it may do in this environment's workspace.

    Attributes:
        account: What the account itself takes; see `ServiceAccount`.
        workspace_role: Its role in the workspace, by name; None gives it no access.
    """

    account: Annotated[Entry, EntryOf(ServiceAccountArgs, "name", "api_key_works")] = (
        Field(default_factory=dict)
    )
    workspace_role: str | None = "Developer"


class ModalTokenSettings(Part):
    """The Modal token by which Prefect Cloud starts a push pool's runs.

    Attributes:
        id: Its id: `ak-…`.
        secret: Its secret; write `${modal.token_secret}` for the token of the stack's
            own service user, or `${secrets.NAME}`.
    """

    id: str
    secret: Annotated[
        str, Field(pattern=r"^\$\{(secrets\.[^}]+|modal\.token_secret)\}$")
    ]


class WorkPoolSettings(Part):
    """A work pool with its queues.

    Attributes:
        pool: What the pool itself takes; see `WorkPool`.
        queues: Its queues beside `default`, by name; see `WorkQueue`.
        modal_token: For a pool of type `modal:push`: makes the credentials block that
            its runs use, as `prefect work-pool create --provision-infra` does; see
            `ModalPushPool`.
    """

    pool: Annotated[Entry, EntryOf(WorkPoolArgs, *_PLACED)]
    modal_token: ModalTokenSettings | None = None
    queues: dict[
        Name, Annotated[Entry, EntryOf(WorkQueueArgs, *_PLACED, "work_pool_name")]
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _pushes_to_modal(self) -> Self:
        if self.modal_token is None:
            return self
        if self.pool["type"] != "modal:push":
            raise ValueError(
                "has a `modal_token`, which only a pool of type modal:push takes; "
                "remove it, or correct the type"
            )
        if "storage_configuration" in self.pool:
            raise ValueError(
                "is a modal:push pool, which stores nothing; remove "
                "`storage_configuration`"
            )
        return self

    @model_validator(mode="after")
    def _serves_one_queue_first(self) -> Self:
        having: dict[int, str] = {}
        for name, queue in self.queues.items():
            priority = queue.get("priority")
            # As a reference it may be anything; the kind's own check sees what comes.
            if isinstance(priority, int) and having.setdefault(priority, name) != name:
                raise ValueError(
                    f"its queues '{having[priority]}' and '{name}' both have priority "
                    f"{priority}; give each one of its own"
                )
        return self


class DeploymentSettings(Part):
    """A deployment of a flow: one that lies in this checkout, or one known by name.

    Attributes:
        name: The deployment's name, where it is not the key.
        flow: The flow's name, where its code is not at hand; `deployment` then says
            all that the code would, and there is neither `project` nor `entrypoint`.
        project: The folder of the flow's project, from the program's folder; its code
            is read for the flow's name and parameters, and is never run.
        entrypoint: The flow in it: `path/file.py:function` or
            `package.module:function`.
        deployment: What the deployment itself takes; see `Deployment`. Its work pool
            is named by its key in `work_pools`, or is another's.
    """

    name: EntityName | None = None
    flow: EntityName | None = None
    project: str | None = None
    entrypoint: str | None = None
    deployment: Annotated[Entry, EntryOf(DeploymentArgs, *_PLACED, *_RESOLVED)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _has_one_flow(self) -> Self:
        code = [given for given in (self.project, self.entrypoint) if given is not None]
        if len(code) != (2 if self.flow is None else 0):
            raise ValueError(
                "needs a flow: give either `project` and `entrypoint`, or `flow`"
            )
        twice = sorted(self.deployment.keys() & set(_IN_CODE))
        if self.flow is None and twice:
            raise ValueError(
                f"has {', '.join(twice)} in `deployment`, which its code says; remove "
                f"that, or give `flow` in place of `project` and `entrypoint`"
            )
        return self


class PrefectSettings(Part):
    """One environment's Prefect.

    Attributes:
        workspace: Which workspace it uses.
        schedules: Whether the schedules of its deployments run. In tier `dev` they
            are off, elsewhere on, if not given.
        service_accounts: By a name that is unique in the account together with the
            stack's.
        work_pools: By name.
        variables: By name; see `Variable`.
        block_types: By slug; see `BlockType`.
        blocks: By name, or with a `name` beside any other key; see `Block`.
        flows: Those that have tags or labels, by name; see `Flow`.
        concurrency_limits: Global ones, by name; see `GlobalConcurrencyLimit`.
        tag_concurrency_limits: By tag; see `TagConcurrencyLimit`.
        flow_projects: Each a prefect.yaml, by a name of the stack's own.
        deployments: By name; those that no prefect.yaml has.
        automations: By name; see `Automation`.
        webhooks: By name, in Prefect Cloud only; see `Webhook`.
    """

    workspace: WorkspaceSettings
    schedules: Literal["on", "off"] | None = None
    service_accounts: dict[Name, ServiceAccountSettings] = Field(default_factory=dict)
    work_pools: dict[Name, WorkPoolSettings] = Field(default_factory=dict)
    variables: dict[Name, Annotated[Entry, EntryOf(VariableArgs, *_PLACED)]] = Field(
        default_factory=dict
    )
    block_types: dict[
        Name,
        Annotated[
            Entry, EntryOf(BlockTypeArgs, "workspace_id", "slug", optional=("name",))
        ],
    ] = Field(default_factory=dict)
    blocks: dict[
        Name, Annotated[Entry, EntryOf(BlockArgs, "workspace_id", optional=("name",))]
    ] = Field(default_factory=dict)
    flows: dict[Name, Annotated[Entry, EntryOf(FlowArgs, *_PLACED)]] = Field(
        default_factory=dict
    )
    concurrency_limits: dict[
        Name, Annotated[Entry, EntryOf(GlobalConcurrencyLimitArgs, *_PLACED)]
    ] = Field(default_factory=dict)
    tag_concurrency_limits: dict[
        Name, Annotated[Entry, EntryOf(TagConcurrencyLimitArgs, "workspace_id", "tag")]
    ] = Field(default_factory=dict)
    flow_projects: dict[Name, FlowProjectSettings] = Field(default_factory=dict)
    deployments: dict[Name, DeploymentSettings] = Field(default_factory=dict)
    automations: dict[Name, Annotated[Entry, EntryOf(AutomationArgs, *_PLACED)]] = (
        Field(default_factory=dict)
    )
    webhooks: dict[Name, Annotated[Entry, EntryOf(WebhookArgs, *_PLACED)]] = Field(
        default_factory=dict
    )
