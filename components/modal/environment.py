"""A Modal environment: what keeps the objects and roles of a workspace apart.

API: EnvironmentCreate, EnvironmentUpdate, EnvironmentSetManaged,
EnvironmentSetDefaultMemberRole, EnvironmentDelete, EnvironmentList; of a restricted one
also EnvironmentGetRoles and EnvironmentRoleSet.
Immutable: nothing; a rename keeps the id and all that it holds. Quirks:

- An empty web suffix can be set by an update only; a creation does not answer with the
  id; opening one takes all roles away from its members.
- Deleting one deletes all that it holds, so that is refused unless it is empty or
  `force_destroy` is set.
- One of the same name that holds something is somebody else's, another stack's for
  instance, and is only taken over with `adopt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    AlreadyExistsError,
    Args,
    DataLossError,
    Local,
    Location,
    ManagedResource,
    NotFoundError,
    RefusedError,
    UnmanagedIfUnset,
    Wire,
    changed,
    kind,
)

from .base import Role, WorkspaceKind
from .client import SETTINGS, ModalApi
from .member_roles import assign, assigned

_NAME: Final = re.compile(r"(?!en-)[a-z0-9][a-z0-9_-]{0,63}", re.IGNORECASE)
_WEB_SUFFIX: Final = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$"
_ROLE: Final = "ENVIRONMENT_ROLE_"
# What an environment holds that somebody would miss: list call → its field.
_CONTENTS: Final = {
    "secrets": ("SecretList", "items"),
    "volumes": ("VolumeList", "items"),
    "dicts": ("DictList", "dicts"),
    "queues": ("QueueList", "queues"),
}
_OVER: Final = {"APP_STATE_STOPPED", "APP_STATE_STOPPING"}


def environment_name(name: str) -> str:
    """See that an environment may be called so.

    Raises:
        ValueError: It may not.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "must have at most 64 letters, digits, dashes and underscores, begin with "
            "a letter or digit, and not with 'en-'"
        )
    return name


class ModalEnvironmentArgs(Args):
    """What a user writes for an environment; see `ModalEnvironment`."""

    name: Annotated[str, AfterValidator(environment_name)]
    web_suffix: Annotated[str | None, Field(pattern=_WEB_SUFFIX), UnmanagedIfUnset] = (
        None
    )
    restricted: bool = False
    default_member_role: Annotated[Role | None, UnmanagedIfUnset] = None
    member_roles: Annotated[dict[str, Role] | None, UnmanagedIfUnset] = None
    image_builder_version: str = ""
    force_destroy: Annotated[bool, Local] = False

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield roles of members that could never apply."""
        for field in ("default_member_role", "member_roles"):
            if known.get(field) and known.get("restricted") is False:
                yield (
                    (field,),
                    "needs a restricted environment; set restricted=True too",
                )


class ModalEnvironmentState(ModalEnvironmentArgs):
    """An environment as the control plane has it.

    Attributes:
        name: Old ones may have periods, which no new one may.
        member_roles: May hold custom roles that somebody else assigned.
    """

    id: str
    name: str
    member_roles: Annotated[dict[str, str] | None, UnmanagedIfUnset] = None  # type: ignore[assignment]  # wider, as the service is


def to_wire(args: ModalEnvironmentArgs) -> Wire:
    """Write what EnvironmentUpdate takes."""
    suffix = args.web_suffix
    return {
        "name": {"value": args.name},
        **({} if suffix is None else {"web_suffix": {"value": suffix}}),
        "image_builder_version": args.image_builder_version,
    }


@kind("modal:Environment", key=("name",))
class ModalEnvironmentKind(WorkspaceKind[ModalEnvironmentArgs, ModalEnvironmentState]):
    """The life cycle of an environment."""

    def list(self, api: ModalApi) -> Iterable[Wire]:
        """Yield every environment of the workspace that the token may see."""
        for item in _listed(api):
            try:
                roles = assigned(api, item["id"]) if item["is_managed"] else {}
            except NotFoundError:
                continue  # deleted meanwhile
            yield {**item, "member_roles": roles}

    def parse(self, api: ModalApi, wire: Wire) -> ModalEnvironmentState:
        """Project one environment on its canonical state."""
        del api
        role = wire.get("default_member_role", "").removeprefix(_ROLE)
        return ModalEnvironmentState(
            id=wire["environment_id"],
            name=wire["name"],
            web_suffix=wire["webhook_suffix"],
            restricted=wire["is_managed"],
            default_member_role=_role(role) if wire["is_managed"] else None,
            member_roles=wire.get("member_roles", {}),
            image_builder_version=wire.get("image_builder_version", ""),
        )

    def same(
        self, api: ModalApi, found: ModalEnvironmentState, args: ModalEnvironmentArgs
    ) -> Sequence[str]:
        """Name what differs; what a create that was cut short left holds nothing."""
        differs = super().same(api, found, args)
        return [*differs, *(["contents"] if _held(api, found.name) else [])]

    def create(
        self, api: ModalApi, args: ModalEnvironmentArgs
    ) -> ModalEnvironmentState:
        """Make the environment, then set what a creation does not take."""
        api.call(
            "EnvironmentCreate",
            name=args.name,
            is_managed=args.restricted,
            default_member_role_str=args.default_member_role or "",
            settings={
                "webhook_suffix": args.web_suffix or "",
                "image_builder_version": args.image_builder_version,
            },
        )
        made = [wire for wire in _listed(api) if wire["name"] == args.name]
        if not made:
            raise NotFoundError("it is gone again; run again")
        try:
            return self.update(api, self.parse(api, made[0]), args)
        except AlreadyExistsError:
            # Of the suffix, not of the name: nothing half made is left behind.
            api.call("EnvironmentDelete", name=args.name)
            raise RefusedError(
                f"the web suffix '{args.web_suffix}' is another environment's; "
                "choose another one, or leave it to Modal"
            ) from None

    def update(
        self, api: ModalApi, old: ModalEnvironmentState, new: ModalEnvironmentArgs
    ) -> ModalEnvironmentState:
        """Change what differs; a new name keeps the id."""
        body = changed(to_wire(old), to_wire(new))
        if body:
            api.call("EnvironmentUpdate", current_name=old.name, **body)
        role = new.default_member_role or (old.default_member_role or "")
        number = _ROLE + role.upper().replace("-", "_") if role else 0
        where = {"environment_id": old.id}
        if old.restricted != new.restricted:
            given = number if new.restricted else 0
            api.call(
                "EnvironmentSetManaged",
                **where,
                managed=new.restricted,
                default_member_role=given,
            )
        elif new.default_member_role not in {None, old.default_member_role}:
            api.call(
                "EnvironmentSetDefaultMemberRole", **where, default_member_role=number
            )
        if new.member_roles is not None and new.member_roles != old.member_roles:
            assign(api, old.id, new.member_roles)
        return ModalEnvironmentState(**{**dict(new), "id": old.id})

    def delete(self, api: ModalApi, state: ModalEnvironmentState) -> None:
        """Delete the environment if nothing would be lost with it.

        Raises:
            DataLossError: It holds something, and `force_destroy` is not set.
        """
        # By its name of now: another may have the one that it had.
        now = [wire["name"] for wire in _listed(api) if wire["id"] == state.id]
        if not now:
            raise NotFoundError("it is gone")
        held = [] if state.force_destroy else _held(api, now[0])
        if held:
            raise DataLossError(
                f"it holds {', '.join(held)}; set force_destroy=True and run "
                f"`pulumi up` first if all of that may be lost"
            )
        api.call("EnvironmentDelete", name=now[0])


def _listed(api: ModalApi) -> list[Wire]:
    items = api.call("EnvironmentList")["items"]
    return [{**item, "id": item["environment_id"]} for item in items]


def _role(name: str) -> Any:
    known = name.lower().replace("_", "-")
    return None if known in {"", "unspecified"} else known


def _held(api: ModalApi, environment: str) -> list[str]:
    counts = {
        what: sum(1 for _ in api.pages(rpc, items, environment))
        for what, (rpc, items) in _CONTENTS.items()
    }
    apps = api.call("AppList", environment_name=environment)["apps"]
    counts["apps"] = sum(app["state"] not in _OVER for app in apps)
    return [f"{number} {what}" for what, number in counts.items() if number]


class ModalEnvironment(ManagedResource, kind=ModalEnvironmentKind):
    """An environment of the workspace.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name in the workspace; the resource's name if not given. Can be
            changed in place, but the objects that the stack has in it are then
            replaced, which leaves volumes, dicts and queues as they are.
        web_suffix: What the addresses of its web functions have in them; Modal makes
            one of the name if not given. One environment may have an empty one.
        restricted: Have only those members contribute who have a role that lets them.
        default_member_role: What members without a role of their own have in a
            restricted environment: `contributor`, `viewer` or `no-access`.
        member_roles: Member → role, in a restricted environment. Whoever is not named
            has no role of their own; left as they are if not given. Service users have
            theirs by `ModalServiceUser`.
        image_builder_version: The image builder's version; the workspace's if empty.
        force_destroy: Let a destroy delete it with all that it holds.
        adopt: Take over an environment of this name that differs or holds something.
        opts: Pulumi's resource options.

    See https://modal.com/docs/guide/environments.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    web_suffix: pulumi.Output[str | None]
    restricted: pulumi.Output[bool]
    default_member_role: pulumi.Output[str | None]
    member_roles: pulumi.Output[dict[str, str] | None]
    image_builder_version: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        web_suffix: pulumi.Input[str] | None = None,
        restricted: pulumi.Input[bool] = False,
        default_member_role: pulumi.Input[str] | None = None,
        member_roles: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        image_builder_version: pulumi.Input[str] = "",
        force_destroy: pulumi.Input[bool] = False,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "web_suffix": web_suffix,
                "restricted": restricted,
                "default_member_role": default_member_role,
                "member_roles": member_roles,
                "image_builder_version": image_builder_version,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            opts,
        )
