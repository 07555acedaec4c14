"""Checks at the door of every route: 401, 404 and 403, in Prefect Cloud's order.

A missing or dead key is 401; an account or workspace that does not exist is 404; one
that exists but is not for this actor is 403.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from localcloud.prefect.account import allowlist, identity
from localcloud.prefect.account.identity import Actor
from localcloud.prefect.account.store import Row, Store


class Unauthorized(HTTPException):
    """No key, an unknown key, or one that has expired."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "Invalid authentication credentials",
            headers={"WWW-Authenticate": "Bearer"},
        )


class Forbidden(HTTPException):
    """The actor is known, and may not do this."""

    def __init__(self, needed: str) -> None:
        super().__init__(403, f"Forbidden: this needs {needed}.")


class NotFound(HTTPException):
    """There is no such object here."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"{what} not found")


async def store_of(connection: HTTPConnection) -> Store:
    """Return the store that the application was built on."""
    store: Store = connection.app.state.store
    return store


StoreDep = Annotated[Store, Depends(store_of)]


async def actor_of(connection: HTTPConnection, store: StoreDep) -> Actor:
    """Return the actor whose key came with the request."""
    key = identity.key_of(connection.headers.get("Authorization"))
    if (actor := identity.identify(store, key)) is None:
        raise Unauthorized
    return actor


ActorDep = Annotated[Actor, Depends(actor_of)]


def admit(connection: HTTPConnection, actor: Actor, account_id: str) -> Row:
    """Let an actor into an account, or raise what it should be told."""
    store: Store = connection.app.state.store
    if (account := store.find("accounts", id=account_id)) is None:
        raise NotFound("Account")
    if actor.account_id != account["id"]:
        raise Forbidden("membership in the account")
    if allowlist.refuses(store, account, actor.permissions, connection):
        raise Forbidden("an address in the account's IP allowlist")
    return account


async def account_of(
    account_id: UUID, actor: ActorDep, connection: HTTPConnection
) -> Row:
    """Return the account in the path, when the actor belongs to it."""
    return admit(connection, actor, str(account_id))


AccountDep = Annotated[Row, Depends(account_of)]


def permitted(permission: str) -> Callable[..., Awaitable[None]]:
    """Make a check that the actor's account role has a permission."""

    async def check(_: AccountDep, actor: ActorDep) -> None:
        if permission not in actor.permissions:
            raise Forbidden(f"the account permission {permission}")

    return check


class Membership(NamedTuple):
    """A workspace, and what the actor may do there."""

    workspace: Row
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Refuse an actor that lacks a scope."""
        if scope not in self.scopes:
            raise Forbidden(f"the workspace scope {scope}")


def enter(store: Store, actor: Actor, account: Row, workspace_id: str) -> Membership:
    """Let an actor into a workspace, or raise what it should be told."""
    workspace = store.find("workspaces", id=workspace_id, account_id=account["id"])
    if workspace is None:
        raise NotFound("Workspace")
    scopes = identity.workspace_scopes(store, actor, workspace)
    if not scopes:
        raise Forbidden("access to the workspace")
    return Membership(workspace, scopes)


async def membership_of(
    workspace_id: UUID, account: AccountDep, actor: ActorDep, store: StoreDep
) -> Membership:
    """Return the workspace in the path, when the actor has access to it."""
    return enter(store, actor, account, str(workspace_id))


MembershipDep = Annotated[Membership, Depends(membership_of)]


def scoped(scope: str) -> Callable[..., Awaitable[None]]:
    """Make a check that the actor has a scope in the workspace of the path."""

    async def check(membership: MembershipDep) -> None:
        membership.require(scope)

    return check
