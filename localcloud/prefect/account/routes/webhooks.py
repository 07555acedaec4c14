"""Webhooks of a workspace: CRUD, POST …/{id}/rotate for a new address.

An address is `{front}/hooks/{slug}`; what happens there is in `hooks.py`. PUT replaces
(the CLI leaves `enabled` out, which keeps it), PATCH changes `enabled` only.
"""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from jinja2 import TemplateSyntaxError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from localcloud.prefect.account.access import (
    MembershipDep,
    NotFound,
    StoreDep,
    scoped,
)
from localcloud.prefect.account.filters import Filter, Page, select
from localcloud.prefect.account.store import Row, Store
from localcloud.prefect.hooks import JINJA

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}/webhooks")

SEE = [Depends(scoped("see_webhooks"))]
MANAGE = [Depends(scoped("manage_webhooks"))]


def _parses(template: str) -> str:
    try:
        JINJA.parse(template)
    except TemplateSyntaxError as error:
        raise ValueError(f"the template is not valid Jinja: {error.message}") from None
    return template


class WebhookUpsert(BaseModel):
    """A webhook, whole."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str = ""
    enabled: bool = True
    template: Annotated[str, Field(min_length=1), AfterValidator(_parses)]
    service_account_id: UUID | None = None


class WebhookPatch(BaseModel):
    """Whether a webhook is enabled."""

    model_config = ConfigDict(extra="forbid")
    enabled: bool


class WebhooksFilter(Page):
    """Which webhooks to list."""

    webhooks: Filter | None = None


async def webhook_of(
    webhook_id: UUID, membership: MembershipDep, store: StoreDep
) -> Row:
    """Return the webhook in the path."""
    where = {"id": str(webhook_id), "workspace_id": membership.workspace["id"]}
    if (webhook := store.find("webhooks", **where)) is None:
        raise NotFound("Webhook")
    return webhook


WebhookDep = Annotated[Row, Depends(webhook_of)]


def _public(webhook: Row) -> Row:
    ids = {"account": webhook["account_id"], "workspace": webhook["workspace_id"]}
    return {**webhook, **ids, "enabled": bool(webhook["enabled"])}


def _columns(store: Store, membership: MembershipDep, body: WebhookUpsert) -> Row:
    account_id = membership.workspace["account_id"]
    bot_id = str(body.service_account_id) if body.service_account_id else None
    if bot_id and store.find("bots", id=bot_id, account_id=account_id) is None:
        raise HTTPException(404, "Service account not found")
    return {**body.model_dump(exclude_unset=True), "service_account_id": bot_id}


def _slug() -> str:
    return secrets.token_urlsafe(24)


@router.post("", status_code=201, dependencies=MANAGE)
async def create_webhook(
    body: WebhookUpsert, membership: MembershipDep, store: StoreDep
) -> Row:
    """Make a webhook."""
    workspace = membership.workspace
    columns = {
        **body.model_dump(),
        **_columns(store, membership, body),
        "account_id": workspace["account_id"],
        "workspace_id": workspace["id"],
    }
    return _public(store.insert("webhooks", slug=_slug(), **columns))


def _listed(store: Store, membership: MembershipDep) -> list[Row]:
    return store.all("webhooks", workspace_id=membership.workspace["id"])


@router.get("", dependencies=SEE)
async def read_all_webhooks(membership: MembershipDep, store: StoreDep) -> list[Row]:
    """List all webhooks, as the Terraform provider does."""
    return [_public(row) for row in _listed(store, membership)]


@router.post("/filter", dependencies=SEE)
async def read_webhooks(
    membership: MembershipDep, store: StoreDep, body: WebhooksFilter | None = None
) -> list[Row]:
    """List webhooks; the CLI sends no body."""
    body = body or WebhooksFilter()
    rows = select(_listed(store, membership), body.webhooks, body, "name")
    return [_public(row) for row in rows]


@router.get("/{webhook_id}", dependencies=SEE)
async def read_webhook(webhook: WebhookDep) -> Row:
    """Return one webhook."""
    return _public(webhook)


@router.put("/{webhook_id}", status_code=204, dependencies=MANAGE)
async def replace_webhook(
    body: WebhookUpsert,
    webhook: WebhookDep,
    membership: MembershipDep,
    store: StoreDep,
) -> None:
    """Replace a webhook; its address stays."""
    store.update("webhooks", webhook["id"], **_columns(store, membership, body))


@router.patch("/{webhook_id}", status_code=204, dependencies=MANAGE)
async def toggle_webhook(
    body: WebhookPatch, webhook: WebhookDep, store: StoreDep
) -> None:
    """Enable or disable a webhook."""
    store.update("webhooks", webhook["id"], enabled=body.enabled)


@router.delete("/{webhook_id}", status_code=204, dependencies=MANAGE)
async def delete_webhook(webhook: WebhookDep, store: StoreDep) -> None:
    """Delete a webhook; its address ends."""
    store.delete("webhooks", webhook["id"])


@router.post("/{webhook_id}/rotate", dependencies=MANAGE)
async def rotate_webhook(webhook: WebhookDep, store: StoreDep) -> Row:
    """Give a webhook a new address; the old one ends."""
    store.update("webhooks", webhook["id"], slug=_slug())
    return _public(store.all("webhooks", id=webhook["id"])[0])
