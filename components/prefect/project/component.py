"""A flow project as resources: the deployments of its prefect.yaml, their triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import pulumi

from components.kernel import canonical_json
from components.prefect.automation import Automation
from components.prefect.deployment import Deployment
from components.prefect.deployment_sla import DeploymentSla
from components.prefect.flow import Flow

from .load import faulty, load, parse
from .lookups import Lookups
from .overlay import FlowProjectSettings, GitSource
from .prepare import Code, Preparation, Prepared
from .source import bare, check_out
from .steps import ProjectSteps
from .templating import Meanings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from components.kernel import Location
    from components.prefect.base import WorkspaceLike
    from components.prefect.block import Block
    from components.prefect.variable import Variable
    from components.prefect.work_pool import WorkPool
    from components.prefect.work_queue import WorkQueue

    from .model import DeploymentEntry, Step
    from .templating import StepMeaning

    Running: TypeAlias = Callable[[str, list[Step]], StepMeaning]

CLONE: Final = "prefect.deployments.steps.git_clone"
CHANGE: Final = "prefect.deployments.steps.set_working_directory"
REMOTE: Final = "prefect.deployments.steps.pull_from_remote_storage"


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
        name: The resource's name.
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
        content: Mapping[str, Any] | None = None,
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
            content: What the file would say, where there is none.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The file, or what it names, is not valid; the message
                has a line for each fault.
        """
        super().__init__("flowground:prefect:FlowProject", resource_name, None, opts)
        self.name = resource_name
        self._workspace = workspace
        self._around = surroundings or Surroundings()
        self.commit: str | None = None
        self.deployments: dict[str, Deployment] = {}
        self.automations: dict[str, Automation] = {}
        code = self._code(settings)
        file: Path | str = code.folder / settings.file
        if content is None:
            project = load(code.folder / settings.file)
        else:
            file = f"flow project '{resource_name}'"
            project = parse(content, file)
        plan = Preparation(project, code, schedules=schedules, prefix=prefix)
        lookups = self._lookups()
        # First as if all steps had been run, so that none is for nothing.
        prepared = [*_prepared(plan, settings, lookups, lambda *_: _later)]
        if plan.faults:
            raise faulty(file, plan.faults)
        if any(plan.steps_of(entry) for entry in plan.project.deployments):
            runs = Runs(self, settings, code, self.commit, lookups.workspace)
            prepared = [*_prepared(plan, settings, lookups, runs.output_of)]
        for one in prepared:
            self._declare(one)
        self.register_outputs({"commit": self.commit})

    @classmethod
    def from_source(
        cls,
        resource_name: str,
        source: GitSource | Path | str,
        *,
        deployments: Mapping[str, Mapping[str, Any]],
        build: Sequence[Mapping[str, Any]] = (),
        push: Sequence[Mapping[str, Any]] = (),
        folder: str | Path = ".",
        **options: Any,
    ) -> Self:
        """Declare deployments without a prefect.yaml: `flow.from_source(…).deploy(…)`.

        Args:
            resource_name: Its name in the program and in state.
            source: Where a run finds the code: a git repository, at the commit that
                its ref stands for now; a folder of the worker's machine; or the URL
                of a folder in a bucket, such as `s3://flows/hello`.
            deployments: By name: what a prefect.yaml says of each, and `image`, which
                stands for that job variable.
            build: Steps that build the image.
            push: Steps that push it, or upload the code.
            folder: Where the code of a bucket lies now.
            **options: Whatever the constructor takes beside its settings.

        Raises:
            ConfigurationError: They are not valid.
        """
        content: dict[str, Any] = {
            "deployments": [_with_image(name, d) for name, d in deployments.items()],
            "build": [*build],
            "push": [*push],
        }
        if isinstance(source, GitSource):
            settings = FlowProjectSettings(git=source)
        elif isinstance(source, str) and "://" in source:
            settings = FlowProjectSettings(path=str(folder))
            content["pull"] = [{REMOTE: {"url": source}}]
        else:
            settings = FlowProjectSettings(path=str(source))
        return cls(resource_name, settings, content=content, **options)

    def _code(self, settings: FlowProjectSettings) -> Code:
        if settings.git is None:
            return Code(Path(settings.path or "."))
        checkout = check_out(settings.git)
        self.commit = checkout.commit
        # What opens the repository here is not for every reader of the deployment.
        repository = bare(settings.git.url)
        clone = {"repository": repository, "commit_sha": checkout.commit}
        if settings.git.path == ".":
            return Code(checkout.folder, [{CLONE: clone}])
        inside = {"directory": f"{{{{ clone.directory }}}}/{settings.git.path}"}
        return Code(
            checkout.folder, [{CLONE: {"id": "clone", **clone}}, {CHANGE: inside}]
        )

    def _lookups(self) -> Lookups:
        place = self._workspace
        return Lookups(
            place.id if isinstance(place, pulumi.CustomResource) else place,
            self._around.variables,
            self._around.blocks,
        )

    def _declare(self, one: Prepared) -> None:
        full = f"{one.flow}/{one.key}"
        fields = dict(one.fields)
        pool, queue = fields.pop("work_pool_name"), fields["work_queue_name"]
        depends: list[pulumi.Resource] = []
        if isinstance(pool, str) and pool in self._around.work_pools:
            queues = self._around.work_queues.get(pool, {})
            # The server makes a queue that a deployment names and nobody has made.
            if isinstance(queue, str) and queue in queues:
                depends = [queues[queue]]
            pool = self._around.work_pools[pool]
        made = self.deployments[full] = Deployment(
            f"{self.name}/{full}",
            name=one.name,
            flow=self._flow(one.flow),
            work_pool=pool,
            **fields,
            workspace=self._workspace,
            opts=pulumi.ResourceOptions(parent=self, depends_on=depends),
        )
        if one.slas:
            DeploymentSla(
                f"{self.name}/{full}",
                deployment=made,
                slas=one.slas,
                workspace=self._workspace,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for trigger in one.triggers:
            run: dict[str, Any] = {"type": "run-deployment", "source": "selected"}
            self.automations[trigger.name] = Automation(
                f"{self.name}/{trigger.name}",
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


def _prepared(
    plan: Preparation, settings: FlowProjectSettings, lookups: Lookups, steps: Running
) -> Iterator[Prepared]:
    """Yield the deployments that are wanted; what is wrong gets into the plan."""
    taken: set[tuple[str, str]] = set()
    automations: set[str] = set()
    for path, (name, entry) in dict(_chosen(plan, settings)).items():
        given = plan.steps_of(entry)
        step = steps(name, given) if given else None
        meanings = Meanings(lookups.variable, lookups.block, step)
        one = plan.prepare(entry, name, settings.of(name), meanings, path)
        if one is None:
            continue
        if (one.flow, one.name) in taken:
            plan.fault(
                (*path, "name"),
                f"another deployment of flow '{one.flow}' is called '{one.name}' too; "
                f"give each a name of its own",
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


def _with_image(name: str, deployment: Mapping[str, Any]) -> dict[str, Any]:
    entry = {"name": name, **deployment}
    image = entry.pop("image", None)
    if image is not None:
        pool = entry.get("work_pool") or {}
        variables = {**(pool.get("job_variables") or {}), "image": image}
        entry["work_pool"] = {**pool, "job_variables": variables}
    return entry


def _later(name: str, default: str | None) -> pulumi.Output[Any]:
    del default
    return pulumi.Output.from_input(name)


class Runs:
    """The runs of a project's build and push steps: one for each list of steps."""

    def __init__(
        self,
        project: FlowProject,
        settings: FlowProjectSettings,
        code: Code,
        commit: str | None,
        workspace: pulumi.Input[str] | None,
    ) -> None:
        self._project = project
        self._settings = settings
        self._code = code
        self._commit = commit
        self._workspace = workspace
        self._runs: dict[str, ProjectSteps] = {}

    def output_of(self, deployment: str, steps: list[Step]) -> StepMeaning:
        """Return what reads the outputs of a deployment's steps."""
        text = canonical_json(steps)
        if text not in self._runs:
            self._runs[text] = ProjectSteps(
                f"{self._project.name}/{deployment}",
                steps=steps,
                folder=self._code.folder,
                watched=self._settings.watch,
                commit=self._commit,
                workspace=self._workspace,
                opts=pulumi.ResourceOptions(parent=self._project),
            )
        return self._runs[text].output
