"""The account's members: POST /account_memberships/filter, PATCH|DELETE …/{id}, and
POST /invitations/.

Prefect Cloud sends an invitation by mail. There is no mail here: whoever is invited is
a member at once.
"""  # noqa: D205 - one list of endpoints

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, StringConstraints

from localcloud.credentials import identifier
from localcloud.prefect.account.access import (
    AccountDep,
    ActorDep,
    Forbidden,
    NotFound,
    StoreDep,
    permitted,
)
from localcloud.prefect.account.filters import Filter, Page, in_account, select
from localcloud.prefect.account.identity import Actor
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}")

INVITATION_DAYS = 7
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", to_lower=True)]


class MembershipsFilter(Page):
    """Which members to list."""

    account_memberships: Filter | None = None


class MembershipUpdate(BaseModel):
    """Another account role for a member."""

    model_config = ConfigDict(extra="forbid")
    account_role_id: UUID


class Invitation(BaseModel):
    """Somebody to become a member."""

    model_config = ConfigDict(extra="forbid")
    email: Email
    account_role_id: UUID


async def membership_of(
    membership_id: UUID, account: AccountDep, store: StoreDep
) -> Row:
    """Return the membership in the path."""
    where = {"id": str(membership_id), "account_id": account["id"]}
    if (membership := store.find("account_memberships", **where)) is None:
        raise NotFound("Account membership")
    return membership


MemberDep = Annotated[Row, Depends(membership_of)]


def _public(store: Store, membership: Row) -> Row:
    (user,) = store.all("users", id=membership["user_id"])
    (role,) = store.all("account_roles", id=membership["account_role_id"])
    names = ("actor_id", "first_name", "last_name", "handle", "email", "last_login")
    return {name: user[name] for name in names} | {
        "id": membership["id"],
        "user_id": user["id"],
        "account_role_id": role["id"],
        "account_role_name": role["name"],
        "active": True,
    }


def _role(store: Store, actor: Actor, role_id: UUID) -> Row:
    """Return a role that the caller may give: none above its own."""
    if (role := store.find("account_roles", id=str(role_id))) is None:
        raise NotFound("Account role")
    if not actor.permissions.issuperset(role["permissions"]):
        raise Forbidden(f"an account role with all permissions of {role['name']}")
    return role


def _keep_an_owner(store: Store, membership: Row) -> None:
    """Refuse what would leave an account without an owner."""
    (owner,) = store.all("account_roles", name="Owner", account_id=None)
    owners = in_account(store, "account_memberships", {"id": membership["account_id"]})
    others = [
        each
        for each in owners
        if each["account_role_id"] == owner["id"] and each["id"] != membership["id"]
    ]
    if membership["account_role_id"] == owner["id"] and not others:
        raise HTTPException(409, "The last owner of an account must stay its owner.")


@router.post(
    "/account_memberships/filter",
    dependencies=[Depends(permitted("read:account_membership"))],
)
async def read_memberships(
    body: MembershipsFilter, account: AccountDep, store: StoreDep
) -> list[Row]:
    """List the members, who are users."""
    rows = in_account(store, "account_memberships", account)
    shown = [_public(store, row) for row in rows]
    return select(shown, body.account_memberships, body, "email", "handle")


@router.patch(
    "/account_memberships/{membership_id}",
    status_code=204,
    dependencies=[Depends(permitted("update:account_membership"))],
)
async def update_membership(
    body: MembershipUpdate, membership: MemberDep, actor: ActorDep, store: StoreDep
) -> None:
    """Give a member another account role."""
    role = _role(store, actor, body.account_role_id)
    if role["id"] != membership["account_role_id"]:
        _keep_an_owner(store, membership)
    store.update("account_memberships", membership["id"], account_role_id=role["id"])


@router.delete(
    "/account_memberships/{membership_id}",
    status_code=204,
    dependencies=[Depends(permitted("delete:account_membership"))],
)
async def delete_membership(membership: MemberDep, store: StoreDep) -> None:
    """Remove a member: its keys end, as users here have one account only."""
    _keep_an_owner(store, membership)
    store.delete("users", membership["user_id"])


@router.post(
    "/invitations",
    status_code=201,
    dependencies=[Depends(permitted("create:invitation"))],
)
async def invite(
    body: list[Invitation], account: AccountDep, actor: ActorDep, store: StoreDep
) -> list[Row]:
    """Make users members of the account."""
    made = []
    with store.atomic():
        for invitation in body:
            role = _role(store, actor, invitation.account_role_id)
            name = invitation.email.partition("@")[0]
            user = store.insert(
                "users",
                actor_id=identifier(),
                handle=f"{name}-{identifier()[:8]}",
                first_name=name,
                last_name="",
                email=invitation.email,
            )
            columns = {"account_id": account["id"], "account_role_id": role["id"]}
            store.insert("account_memberships", user_id=user["id"], **columns)
            made.append(
                store.insert(
                    "invitations",
                    email=invitation.email,
                    status="accepted",
                    expiration=(
                        datetime.now(UTC) + timedelta(days=INVITATION_DAYS)
                    ).isoformat(),
                    **columns,
                )
            )
    return made
