"""Service accounts: POST /bots/, GET|PATCH|DELETE /bots/{id}, POST …/filter,
POST …/{id}/rotate_api_key, GET …/{id}/read_bot_api_keys.

The key is in the answers of create and rotate only. Names are unique (409). The role
defaults to Member.
"""  # noqa: D205 - one list of endpoints

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from localcloud.credentials import identifier
from localcloud.prefect.account import keys
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

router = APIRouter(prefix="/accounts/{account_id}/bots")


class BotCreate(BaseModel):
    """A service account to be made, with its first key."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    api_key_expiration: datetime | None = None
    account_role_id: UUID | None = None


class BotUpdate(BaseModel):
    """What may change of a service account; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    account_role_id: UUID | None = None


class BotsFilter(Page):
    """Which service accounts to list."""

    service_accounts: Filter | None = None


class KeyRotation(BaseModel):
    """A new key; how long the old one still works: not at all unless said."""

    model_config = ConfigDict(extra="forbid")
    api_key_expiration: datetime | None = None
    old_key_expires_in_seconds: Annotated[
        int | None, Field(ge=0, le=keys.MAX_OVERLAP.total_seconds())
    ] = None


async def bot_of(bot_id: UUID, account: AccountDep, store: StoreDep) -> Row:
    """Return the service account in the path."""
    bot = store.find("bots", id=str(bot_id), account_id=account["id"])
    if bot is None:
        raise NotFound("Service account")
    return bot


BotDep = Annotated[Row, Depends(bot_of)]


def _role(store: Store, actor: Actor, role_id: UUID | None, default: str) -> str:
    """Return the id of a role that the caller may give: none above its own."""
    named = {"id": str(role_id)} if role_id else {"name": default}
    if (role := store.find("account_roles", **named)) is None:
        raise NotFound("Account role")
    if not actor.permissions.issuperset(role["permissions"]):
        raise Forbidden(f"an account role with all permissions of {role['name']}")
    return str(role["id"])


def _public(store: Store, bot: Row, key: Row | None = None) -> Row:
    (role,) = store.all("account_roles", id=bot["account_role_id"])
    shown = {k: v for k, v in bot.items() if k != "account_role_id"}
    if key is None:
        key = keys.public(keys.active(store, bot["id"]))
    else:
        key = {k: v for k, v in key.items() if k != "masked_key"}
    return {**shown, "account_role_name": role["name"], "api_key": key}


@router.post("", status_code=201, dependencies=[Depends(permitted("create:bot"))])
async def create_bot(
    body: BotCreate, account: AccountDep, actor: ActorDep, store: StoreDep
) -> Row:
    """Make a service account and its key."""
    with store.atomic():
        bot = store.insert(
            "bots",
            actor_id=identifier(),
            account_id=account["id"],
            name=body.name,
            account_role_id=_role(store, actor, body.account_role_id, "Member"),
        )
        key = keys.issue(store, body.name, body.api_key_expiration, bot_id=bot["id"])
    return _public(store, bot, key)


@router.post("/filter", dependencies=[Depends(permitted("read:bot"))])
async def read_bots(
    body: BotsFilter, account: AccountDep, store: StoreDep
) -> list[Row]:
    """List service accounts."""
    rows = in_account(store, "bots", account)
    return [
        _public(store, row) for row in select(rows, body.service_accounts, body, "name")
    ]


@router.get("/{bot_id}", dependencies=[Depends(permitted("read:bot"))])
async def read_bot(bot: BotDep, store: StoreDep) -> Row:
    """Return one service account."""
    return _public(store, bot)


@router.patch(
    "/{bot_id}", status_code=204, dependencies=[Depends(permitted("update:bot"))]
)
async def update_bot(
    body: BotUpdate, bot: BotDep, actor: ActorDep, store: StoreDep
) -> None:
    """Change a service account."""
    changes = body.model_dump(exclude_none=True)
    if body.account_role_id:
        changes["account_role_id"] = _role(store, actor, body.account_role_id, "")
    store.update("bots", bot["id"], **changes)


@router.delete(
    "/{bot_id}", status_code=204, dependencies=[Depends(permitted("delete:bot"))]
)
async def delete_bot(bot: BotDep, store: StoreDep) -> None:
    """Delete a service account: its keys end, its access goes."""
    store.delete("bots", bot["id"])


@router.post(
    "/{bot_id}/rotate_api_key",
    status_code=201,
    dependencies=[Depends(permitted("update:bot"))],
)
async def rotate_api_key(body: KeyRotation, bot: BotDep, store: StoreDep) -> Row:
    """Make a new key; the old one ends after the overlap that was asked for."""
    seconds = body.old_key_expires_in_seconds
    overlap = None if seconds is None else timedelta(seconds=seconds)
    key = keys.rotate(store, bot, body.api_key_expiration, overlap)
    return _public(store, bot, key)


@router.get(
    "/{bot_id}/read_bot_api_keys", dependencies=[Depends(permitted("read:bot"))]
)
async def read_bot_api_keys(bot: BotDep, store: StoreDep) -> Row:
    """Return the present key and those that are being rotated out, all masked."""
    old = store.all("api_keys", bot_id=bot["id"], active=0)
    return {
        "active_key": keys.public(keys.active(store, bot["id"])),
        "rotating_keys": [keys.public(key) for key in old if keys.is_live(key)],
    }
