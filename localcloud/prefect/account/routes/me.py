"""The caller itself: GET /me/, /me/accounts, /me/workspaces.

`prefect cloud login`, `prefect cloud workspace ls` and `workspace set` live on these.
"""

from fastapi import APIRouter

from localcloud.prefect.account import identity
from localcloud.prefect.account.access import ActorDep, StoreDep
from localcloud.prefect.account.identity import Actor
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/me")


@router.get("")
async def read_me(actor: ActorDep) -> Row:
    """Return the user or service account whose key this is."""
    hidden = {"account_role_id", "last_login"}
    return {k: v for k, v in actor.row.items() if k not in hidden} | {
        "type": "USER" if actor.kind == "user" else "SERVICE_ACCOUNT"
    }


@router.get("/accounts")
async def read_accounts(actor: ActorDep, store: StoreDep) -> list[Row]:
    """Return the accounts that the caller belongs to."""
    return [
        {
            "account_id": account["id"],
            "account_name": account["name"],
            "account_handle": account["handle"],
        }
        for account in store.all("accounts", id=actor.account_id)
    ]


@router.get("/workspaces")
async def read_workspaces(actor: ActorDep, store: StoreDep) -> list[Row]:
    """Return the workspaces that the caller has access to."""
    (account,) = store.all("accounts", id=actor.account_id)
    return [
        {
            "account_id": account["id"],
            "account_name": account["name"],
            "account_handle": account["handle"],
            "workspace_id": workspace["id"],
            "workspace_name": workspace["name"],
            "workspace_description": workspace["description"] or "",
            "workspace_handle": workspace["handle"],
        }
        for workspace in visible_workspaces(store, actor)
    ]


def visible_workspaces(store: Store, actor: Actor) -> list[Row]:
    """Return the rows of the workspaces that an actor has access to."""
    return [
        workspace
        for workspace in store.all("workspaces", account_id=actor.account_id)
        if identity.workspace_scopes(store, actor, workspace)
    ]
