"""The public side of webhooks: a request to `/hooks/{slug}` becomes an event.

The webhook's Jinja template makes the event of the request's `method`, `headers` and
`body` (JSON or form data become objects). What it renders must be a JSON object with
`event` and `resource`; the webhook itself is added as a related resource. A template
that fails is told to the caller (422) and emitted as `prefect-cloud.webhook.failed`,
as Prefect Cloud does.
"""

import json
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import httpx
from fastapi import APIRouter, HTTPException, Request
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from localcloud.prefect.account.access import Forbidden, StoreDep, Unauthorized
from localcloud.prefect.account.identity import identify, key_of
from localcloud.prefect.account.store import Row, Store
from localcloud.prefect.servers import Servers, ServerUnavailableError

router = APIRouter()

# Templates come from users, and run in the front: the sandbox keeps them in place.
JINJA = ImmutableSandboxedEnvironment()
FAILED = "prefect-cloud.webhook.failed"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@router.api_route("/hooks/{slug}", methods=METHODS, status_code=204)
async def receive(request: Request, slug: str, store: StoreDep) -> None:
    """Turn a request into an event of the webhook's workspace."""
    webhook = store.find("webhooks", slug=slug)
    if webhook is None or not webhook["enabled"]:
        raise HTTPException(404, "Webhook not found")
    _authenticate(request, store, webhook)
    try:
        event = _render(webhook, request, await request.body())
    except (TemplateError, ValueError, TypeError) as error:
        reason = f"The template of webhook {webhook['name']!r} failed: {error}"
        resource = {"prefect.resource.id": f"prefect-cloud.webhook.{webhook['id']}"}
        failure = {"event": FAILED, "resource": resource}
        await _emit(request, store, webhook, failure | {"payload": {"reason": reason}})
        raise HTTPException(422, reason) from None
    await _emit(request, store, webhook, event)


def _authenticate(request: Request, store: Store, webhook: Row) -> None:
    """Ask for the service account's key where the webhook or the account says so."""
    (account,) = store.all("accounts", id=webhook["account_id"])
    wanted = webhook["service_account_id"]
    if not wanted and not account["settings"].get("enforce_webhook_authentication"):
        return
    actor = identify(store, key_of(request.headers.get("Authorization")))
    if actor is None:
        raise Unauthorized
    if wanted and actor.id != wanted:
        raise Forbidden("the key of the webhook's service account")


def _body(request: Request, raw: bytes) -> Any:
    kind = request.headers.get("content-type", "")
    text = raw.decode()
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(text))
    try:
        return json.loads(text)
    except ValueError:
        return text


def _render(webhook: Row, request: Request, raw: bytes) -> dict[str, Any]:
    rendered = JINJA.from_string(webhook["template"]).render(
        body=_body(request, raw),
        headers=dict(request.headers),
        method=request.method,
    )
    event = json.loads(rendered)
    if not isinstance(event, dict) or not {"event", "resource"} <= event.keys():
        raise ValueError("it must render a JSON object with `event` and `resource`")
    return event


async def _emit(
    request: Request, store: Store, webhook: Row, event: dict[str, Any]
) -> None:
    """Hand an event to the workspace's server."""
    servers: Servers = request.app.state.servers
    (workspace,) = store.all("workspaces", id=webhook["workspace_id"])
    related = {
        "prefect.resource.id": f"prefect-cloud.webhook.{webhook['id']}",
        "prefect.resource.name": webhook["name"],
        "prefect.resource.role": "webhook",
    }
    complete = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "payload": {},
        **event,
        "related": [*event.get("related", []), related],
    }
    try:
        server = await servers.ensure(workspace)
        with server.in_use():
            answer = await servers.client.post(
                f"http://{server.address}/api/events",
                json=[complete],
                headers={"Authorization": server.authorization},
            )
    except (ServerUnavailableError, httpx.TransportError):
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE) from None
    if not answer.is_success:
        raise HTTPException(422, answer.json())
