"""A Prefect automation: actions to take when events occur, or fail to.

API: POST /automations/, PUT, PATCH and DELETE /automations/{id}, POST
/automations/filter.
Immutable: nothing; PUT replaces all and keeps the id.

Quirks:

- Names are not unique: a second POST makes a second automation. So none is sent
  again unanswered, and a name that several have cannot be managed.
- PATCH takes `enabled` alone.
- Triggers get new ids at every write, and defaults are filled in; see
  `automation_parts`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field, JsonValue

from components.kernel import (
    JsonList,
    JsonObject,
    Names,
    NameTakenError,
    RefusedError,
    ServiceError,
    Wire,
    canonical_json,
    differing,
    kind,
)

from .automation_actions import ACTION, ACTIONS
from .automation_parts import as_read, canonical, whole
from .automation_triggers import TRIGGER
from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from .client import PrefectApi


# The server answers these with a fault for every type that it does know.
CLOUD_ONLY: Final = (
    "metric",
    "declare-incident",
    "pause-schedule-for-flow-run",
    "resume-schedule-for-flow-run",
    "send-email-notification",
)


def _trigger(written: dict[str, JsonValue]) -> dict[str, JsonValue]:
    trigger: dict[str, JsonValue] = canonical(TRIGGER, written)
    return trigger


def _actions(written: list[JsonValue]) -> list[JsonValue]:
    actions: list[JsonValue] = canonical(ACTIONS, written)
    return actions


Actions = Annotated[JsonList, AfterValidator(_actions)]


class AutomationArgs(PrefectArgs):
    """What a user writes for an automation; see `Automation`."""

    name: Annotated[str, Field(min_length=1)]
    trigger: Annotated[JsonObject, AfterValidator(_trigger)]
    actions: Actions
    actions_on_trigger: Actions = Field(default=[])
    actions_on_resolve: Actions = Field(default=[])
    description: str = ""
    enabled: bool = True
    tags: Names = frozenset()


class AutomationState(AutomationArgs):
    """An automation as the server has it, also where we could not have written it."""

    id: UUID
    name: str
    trigger: JsonObject
    actions: JsonList
    actions_on_trigger: JsonList = Field(default=[])
    actions_on_resolve: JsonList = Field(default=[])


def to_wire(args: AutomationArgs) -> Wire:
    """Write an automation as POST and PUT take it, leaving nothing to defaults."""
    return {
        "name": args.name,
        "trigger": whole(TRIGGER, args.trigger),
        "actions": whole(ACTIONS, args.actions),
        "actions_on_trigger": whole(ACTIONS, args.actions_on_trigger),
        "actions_on_resolve": whole(ACTIONS, args.actions_on_resolve),
        "description": args.description,
        "enabled": args.enabled,
        "tags": sorted(args.tags),
    }


@kind("prefect:Automation", key=("name",))
class AutomationKind(PrefectKind[AutomationArgs, AutomationState]):
    """The life cycle of an automation."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every automation of the workspace."""
        return api.pages("/automations/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> AutomationState:
        """Project one automation on its canonical state."""

        def actions(when: str) -> list[JsonValue]:
            return [as_read(ACTION, action) for action in wire[when]]

        return AutomationState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            trigger=as_read(TRIGGER, wire["trigger"]),
            actions=actions("actions"),
            actions_on_trigger=actions("actions_on_trigger"),
            actions_on_resolve=actions("actions_on_resolve"),
            description=wire["description"],
            enabled=wire["enabled"],
            tags=frozenset(wire["tags"]),
        )

    def find(
        self, api: PrefectApi, args: AutomationArgs, listed: AutomationState | None
    ) -> AutomationState | None:
        """Return the one automation of this name, as of now: POST would make another.

        Raises:
            NameTakenError: There are several.
        """
        del listed
        named = _named(api, args.name)
        if len(named) > 1:
            ids = ", ".join(wire["id"] for wire in named)
            raise NameTakenError(
                f"there are {len(named)} of that name ({ids}), and which is meant "
                f"cannot be told; delete or rename all but one"
            )
        return self.parse(api, named[0]) if named else None

    def create(self, api: PrefectApi, args: AutomationArgs) -> AutomationState:
        """Make the automation."""
        with _telling_of_cloud(args):
            wire = api.post("/automations/", to_wire(args), repeatable=False)
        return self.parse(api, wire)

    def update(
        self, api: PrefectApi, old: AutomationState, new: AutomationArgs
    ) -> AutomationState:
        """Replace what it says; it keeps its id and its history."""
        path = f"/automations/{old.id}"
        changes = differing(old, new)
        if "name" in changes and _named(api, new.name):
            raise NameTakenError(
                f"another is already called '{new.name}', and Prefect would have two; "
                f"choose another name"
            )
        if changes == ["enabled"]:
            api.patch(path, {"enabled": new.enabled})
        else:
            with _telling_of_cloud(new):
                api.put(path, to_wire(new))
        return AutomationState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: AutomationState) -> None:
        """Delete the automation."""
        api.delete(f"/automations/{state.id}")


def _named(api: PrefectApi, name: str) -> list[Wire]:
    wanted = {"automations": {"name": {"any_": [name]}}}
    return list(api.pages("/automations/filter", wanted))


@contextmanager
def _telling_of_cloud(args: AutomationArgs) -> Iterator[None]:
    """Say of a refused automation what of it a server of one's own cannot have."""
    try:
        yield
    except ServiceError as error:
        text = canonical_json(to_wire(args))
        theirs = [name for name in CLOUD_ONLY if f'"type":"{name}"' in text]
        if error.status != 422 or not theirs:
            raise
        raise RefusedError(
            f"this server does not take it, and only Prefect Cloud has "
            f"{' and '.join(theirs)}; take that out, or have it in Prefect Cloud"
        ) from error


class Automation(PrefectResource, kind=AutomationKind):
    """Actions to take when events occur, or fail to.

    Args:
        resource_name: Its name in the program and in state.
        trigger: What sets it off, as Prefect's API writes it: an object of type
            `event`, `compound`, `sequence` or (Prefect Cloud only) `metric`. Time
            spans are seconds or ISO 8601.
        actions: What to do each time, in this order: objects of type
            `run-deployment`, `send-notification`, `call-webhook`, `pause-work-pool`,
            `cancel-flow-run`, …; see Prefect's documentation.
        actions_on_trigger: What to do when it goes off and was not off already.
        actions_on_resolve: What to do when that is over.
        name: What people read. The resource's name if not given. Can be changed in
            place, but not to the name of another.
        description: What it is for.
        enabled: Whether it acts at all.
        tags: Labels to find it by; their order means nothing.
        workspace: The workspace it lives in.
        adopt: Take over an automation of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/automations.
    """

    name: pulumi.Output[str]
    trigger: pulumi.Output[dict[str, Any]]
    actions: pulumi.Output[list[Any]]
    actions_on_trigger: pulumi.Output[list[Any]]
    actions_on_resolve: pulumi.Output[list[Any]]
    description: pulumi.Output[str]
    enabled: pulumi.Output[bool]
    tags: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        trigger: pulumi.Input[Mapping[str, Any]],
        actions: pulumi.Input[Sequence[Any]],
        actions_on_trigger: pulumi.Input[Sequence[Any]] = (),
        actions_on_resolve: pulumi.Input[Sequence[Any]] = (),
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        enabled: pulumi.Input[bool] = True,
        tags: pulumi.Input[Collection[str]] = (),
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": name if name is not None else resource_name,
                "trigger": trigger,
                "actions": actions,
                "actions_on_trigger": actions_on_trigger,
                "actions_on_resolve": actions_on_resolve,
                "description": description,
                "enabled": enabled,
                "tags": tags,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
