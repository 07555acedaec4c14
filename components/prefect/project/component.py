"""A flow project as resources: the deployments of its prefect.yaml, their triggers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from components.prefect.automation import Automation
from components.prefect.deployment import Deployment
from components.prefect.flow import Flow

from .load import faulty, load
from .lookups import Lookups
from .prepare import Code, Preparation, Prepared
from .source import check_out
from .templating import Meanings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.kernel import Location
    from components.prefect.base import WorkspaceLike
    from components.prefect.block import Block
    from components.prefect.variable import Variable
    from components.prefect.work_pool import WorkPool
    from components.prefect.work_queue import WorkQueue

    from .model import DeploymentEntry
    from .overlay import FlowProjectSettings

CLONE = "prefect.deployments.steps.git_clone"


@dataclass(frozen=True)
class Surroundings:
    """What the stack itself makes of what a prefect.yaml names.

    Attributes:
        variables: By name.
        blocks: By `type-slug.name`.
        work_pools: By name.
        work_queues: By pool and name.
        flows: By name; those that the project needs are added.
        keep_flows: Whether flows outlive the stack, because others use them too.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    work_pools: Mapping[str, WorkPool] = field(default_factory=dict)
    work_queues: Mapping[str, Mapping[str, WorkQueue]] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    keep_flows: bool = False


class FlowProject(pulumi.ComponentResource):
    """A prefect.yaml as desired state, as `prefect deploy --all` would deploy it.

    What is taken out of the file is deleted by the next update. Placeholders are
    filled as Prefect fills them; see docs/prefect-deploy-parity.md for what differs.

    Attributes:
        deployments: By `flow/deployment`.
        automations: Those that the triggers became, by name.
        commit: The commit that the code is from; None where it lies at hand.
    """

    def __init__(
        self,
        resource_name: str,
        settings: FlowProjectSettings,
        *,
        schedules: bool = True,
        prefix: str = "",
        workspace: WorkspaceLike = None,
        surroundings: Surroundings | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the project's deployments.

        Args:
            resource_name: Its name in the program and in state.
            settings: Where the file is, and what this environment changes of it.
            schedules: Whether schedules run where the settings do not say.
            prefix: Put before the name of each deployment and automation.
            workspace: The workspace it lives in.
            surroundings: What the stack makes of what the file names.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The file, or what it names, is not valid; the message
                has a line for each fault.
        """
        super().__init__("flowground:prefect:FlowProject", resource_name, None, opts)
        self._name = resource_name
        self._workspace = workspace
        self._around = surroundings or Surroundings()
        self.commit: str | None = None
        self.deployments: dict[str, Deployment] = {}
        self.automations: dict[str, Automation] = {}
        code = self._code(settings)
        file = code.folder / settings.file
        plan = Preparation(load(file), code, schedules=schedules, prefix=prefix)
        prepared = [*self._prepare(plan, settings)]
        if plan.faults:
            raise faulty(file, plan.faults)
        for one in prepared:
            self._declare(one)
        self.register_outputs({"commit": self.commit})

    def _code(self, settings: FlowProjectSettings) -> Code:
        if settings.git is None:
            return Code(Path(settings.path or "."))
        checkout = check_out(settings.git)
        self.commit = checkout.commit
        source = {"repository": settings.git.url, "commit_sha": checkout.commit}
        return Code(checkout.folder, [{CLONE: source}])

    def _prepare(
        self, plan: Preparation, settings: FlowProjectSettings
    ) -> Iterator[Prepared]:
        workspace = self._workspace
        lookups = Lookups(
            workspace.id if isinstance(workspace, pulumi.CustomResource) else workspace,
            self._around.variables,
            self._around.blocks,
        )
        meanings = Meanings(lookups.variable, lookups.block)
        chosen = dict(_chosen(plan, settings))
        taken: set[tuple[str, str]] = set()
        automations: set[str] = set()
        for path, (name, entry) in chosen.items():
            one = plan.prepare(entry, name, settings.of(name), meanings, path)
            if one is None:
                continue
            if (one.flow, one.name) in taken:
                plan.fault(
                    (*path, "name"),
                    f"another deployment of flow '{one.flow}' is called "
                    f"'{one.name}' too; give each a name of its own",
                )
            taken.add((one.flow, one.name))
            for number, trigger in enumerate(one.triggers):
                if trigger.name in automations:
                    plan.fault(
                        (*path, "triggers", number, "name"),
                        f"another trigger is called '{trigger.name}' too; give each a "
                        f"name of its own, which tells it from the others",
                    )
                automations.add(trigger.name)
            yield one

    def _declare(self, one: Prepared) -> None:
        full = f"{one.flow}/{one.name}"
        fields = dict(one.fields)
        pool, queue = fields["work_pool_name"], fields["work_queue_name"]
        depends: list[pulumi.Resource] = []
        if isinstance(pool, str) and pool in self._around.work_pools:
            fields["work_pool_name"] = self._around.work_pools[pool].name
            queues = self._around.work_queues.get(pool, {})
            # The server makes a queue that a deployment names and nobody has made.
            if isinstance(queue, str) and queue in queues:
                depends = [queues[queue]]
        made = self.deployments[full] = Deployment(
            f"{self._name}/{full}",
            name=one.name,
            flow=self._flow(one.flow),
            **fields,
            workspace=self._workspace,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends),
        )
        for trigger in one.triggers:
            run: dict[str, Any] = {"type": "run-deployment", "source": "selected"}
            self.automations[trigger.name] = Automation(
                f"{self._name}/{trigger.name}",
                name=trigger.name,
                trigger=trigger.trigger,
                actions=[{**run, "deployment_id": made.id, **trigger.action}],
                **trigger.automation,
                workspace=self._workspace,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _flow(self, name: str) -> Flow:
        """Return a flow; deployments of one flow share it, in all projects."""
        flows = self._around.flows
        if name not in flows:
            flows[name] = Flow(
                name,
                workspace=self._workspace,
                opts=pulumi.ResourceOptions(
                    parent=self, retain_on_delete=self._around.keep_flows
                ),
            )
        return flows[name]


def _chosen(
    plan: Preparation, settings: FlowProjectSettings
) -> Iterator[tuple[Location, tuple[str, DeploymentEntry]]]:
    """Yield the named deployments that are wanted, with their places in the file."""
    names: set[str] = set()
    for index, entry in enumerate(plan.project.deployments):
        path: Location = ("deployments", index)
        if entry.name is None:
            if entry.entrypoint is not None:
                plan.fault((*path, "name"), "is required; name the deployment")
            continue
        name = plan.name_of(entry, path)
        names.add(name)
        if settings.only is None or name in settings.only:
            yield path, (name, entry)
    for name in sorted({*(settings.only or ()), *settings.overrides} - names):
        plan.fault(
            ("deployments",),
            f"has no '{name}', which the stack's config names; correct the one of the "
            f"two that is wrong",
        )
