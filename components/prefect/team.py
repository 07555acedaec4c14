"""A team of the account: users and service accounts that are given access together.

API: POST /teams, PUT and DELETE /teams/{id}, POST /teams/filter, PUT
/teams/{id}/members (adds), DELETE /teams/{id}/members/{actor_id}. Immutable: nothing.
Quirk: a member is added by its own id, but shown and removed by its actor's id; so the
users and the service accounts are listed along, to tell one from the other. And a team
takes two calls to make: one without members is what a crash between them leaves.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias
from uuid import UUID

import pulumi
from pydantic import Field, PlainSerializer

from components.kernel import (
    Args,
    LostAnswerError,
    ManagedResource,
    NotFoundError,
    UnmanagedIfUnset,
    Wire,
    changed,
    kind,
)

from .base import AccountKind
from .client import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi


def _sorted(ids: frozenset[UUID]) -> list[str]:
    return sorted(str(id_) for id_ in ids)


Members: TypeAlias = Annotated[frozenset[UUID], PlainSerializer(_sorted)]
"""A set of ids; their order means nothing."""

# For each sort of member: the list call, and where its own id is in what that answers.
_LISTS: Final = {
    "user": ("/account_memberships/filter", "user_id"),
    "service_account": ("/bots/filter", "id"),
}


class TeamArgs(Args):
    """What a user writes for a team; see `Team`."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str = ""
    user_ids: Annotated[Members | None, UnmanagedIfUnset] = None
    service_account_ids: Annotated[Members | None, UnmanagedIfUnset] = None


class TeamState(TeamArgs):
    """A team as the account API has it."""

    id: UUID


def to_wire(args: TeamArgs) -> Wire:
    """Write what POST and PUT take: all but the members."""
    return {"name": args.name, "description": args.description}


@kind("prefect:Team", key=("name",))
class TeamKind(AccountKind[TeamArgs, TeamState]):
    """The life cycle of a team."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every team, its members by their own ids."""
        owners = {sort: _by_actor(api, sort) for sort in _LISTS}
        for wire in api.pages("/teams/filter"):
            yield {
                **wire,
                "members": {
                    sort: [
                        by_actor[member["id"]]
                        for member in wire["memberships"]
                        if member["type"] == sort and member["id"] in by_actor
                    ]
                    for sort, by_actor in owners.items()
                },
            }

    def parse(self, api: PrefectApi, wire: Wire) -> TeamState:
        """Project one team on its canonical state."""
        del api
        return TeamState(
            id=wire["id"],
            name=wire["name"],
            description=wire["description"] or "",
            user_ids=frozenset(wire["members"]["user"]),
            service_account_ids=frozenset(wire["members"]["service_account"]),
        )

    def find(
        self, api: PrefectApi, args: TeamArgs, listed: TeamState | None
    ) -> TeamState | None:
        """Leave a team that lacks nothing but its members to `create`."""
        del api
        unfinished = (
            listed is not None
            and to_wire(listed) == to_wire(args)
            and not any(_of(listed, sort) for sort in _LISTS)
            and any(_of(args, sort) for sort in _LISTS)
        )
        return None if unfinished else listed

    def create(self, api: PrefectApi, args: TeamArgs) -> TeamState:
        """Make the team, or take the one that a crash left; then add its members."""
        made = self._without_members(api, args) or self._post(api, args)
        empty = TeamState(
            id=made["id"],
            name=args.name,
            description=args.description,
            user_ids=frozenset(),
            service_account_ids=frozenset(),
        )
        return self.update(api, empty, args)

    def update(self, api: PrefectApi, old: TeamState, new: TeamArgs) -> TeamState:
        """Change what differs; add and remove the members that differ."""
        path = f"/teams/{old.id}"
        if changed(to_wire(old), to_wire(new)):
            api.put(path, to_wire(new))
        added = [
            {"member_id": str(id_), "member_type": sort}
            for sort in _LISTS
            for id_ in _of(new, sort) - _of(old, sort)
        ]
        if added:
            api.put(f"{path}/members", {"members": added})
        for sort in _LISTS:
            self._remove(api, path, sort, _gone(old, new, sort))
        return TeamState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: TeamState) -> None:
        """Delete the team; the access that it gave ends."""
        api.delete(f"/teams/{state.id}")

    def _post(self, api: PrefectApi, args: TeamArgs) -> Wire:
        try:
            made: Wire = api.post("/teams", to_wire(args), repeatable=False)
        except LostAnswerError:
            if (left := self._without_members(api, args)) is None:
                raise
            return left
        return made

    def _without_members(self, api: PrefectApi, args: TeamArgs) -> Wire | None:
        wanted = {"teams": {"name": {"any_": [args.name]}}}
        for wire in api.pages("/teams/filter", wanted):
            if not wire["memberships"] and (wire["description"] or "") == (
                args.description
            ):
                return wire
        return None

    def _remove(
        self, api: PrefectApi, path: str, sort: str, gone: frozenset[UUID]
    ) -> None:
        """Take members out; one who left the account has left the team with it."""
        if gone:
            for actor_id, id_ in _by_actor(api, sort).items():
                if UUID(id_) in gone:
                    with contextlib.suppress(NotFoundError):
                        api.delete(f"{path}/members/{actor_id}")


def _of(args: TeamArgs, sort: str) -> frozenset[UUID]:
    members: frozenset[UUID] | None = getattr(args, f"{sort}_ids")
    return members or frozenset()


def _gone(old: TeamArgs, new: TeamArgs, sort: str) -> frozenset[UUID]:
    if getattr(new, f"{sort}_ids") is None:
        return frozenset()  # whoever they are, they are somebody else's affair now
    return _of(old, sort) - _of(new, sort)


def _by_actor(api: PrefectApi, sort: str) -> dict[str, str]:
    """Return the own ids of all users, or of all service accounts, by actor."""
    path, own = _LISTS[sort]
    return {wire["actor_id"]: wire[own] for wire in api.pages(path)}


class Team(ManagedResource, kind=TeamKind):
    """A team, which access lists and workspaces know as one.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name; the resource's name if not given. Can be changed in place.
        description: What it is for.
        user_ids: The users in it, by their ids: these and no others. Left to others,
            such as a directory that is synchronised, if not given.
        service_account_ids: The service accounts in it, likewise.
        adopt: Take over a team of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/manage-teams.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    description: pulumi.Output[str]
    user_ids: pulumi.Output[list[str] | None]
    service_account_ids: pulumi.Output[list[str] | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        user_ids: pulumi.Input[Collection[pulumi.Input[str]]] | None = None,
        service_account_ids: pulumi.Input[Collection[pulumi.Input[str]]] | None = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "description": description,
                "user_ids": user_ids,
                "service_account_ids": service_account_ids,
                "adopt": adopt,
            },
            opts,
        )
