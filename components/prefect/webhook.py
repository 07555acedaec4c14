"""A Prefect Cloud webhook: an address that turns requests into events.

API: POST /webhooks/, PUT and DELETE /webhooks/{id}, POST /webhooks/{id}/rotate, POST
/webhooks/filter. Immutable: nothing; a rename keeps the address. Quirk: whoever knows
the address can send events, unless a service account must authenticate; so it is a
secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pulumi
from pydantic import Field

from components.kernel import Local, Secret, Wire, changed, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .service_account import ServiceAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi


class WebhookArgs(PrefectArgs):
    """What a user writes for a webhook; see `Webhook`."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    template: Annotated[str, Field(min_length=1)]
    description: str = ""
    enabled: bool = True
    service_account_id: UUID | None = None
    rotation: Annotated[str, Local] = ""


class WebhookState(WebhookArgs):
    """A webhook as the account API has it."""

    id: UUID
    endpoint: Annotated[str, Secret]


def to_wire(args: WebhookArgs) -> Wire:
    """Write a webhook as POST and PUT take it."""
    owner = args.service_account_id
    return {
        "name": args.name,
        "description": args.description,
        "enabled": args.enabled,
        "template": args.template,
        "service_account_id": None if owner is None else str(owner),
    }


@kind("prefect:Webhook", key=("name",))
class WebhookKind(PrefectKind[WebhookArgs, WebhookState]):
    """The life cycle of a webhook."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every webhook of the workspace."""
        return api.pages("/webhooks/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> WebhookState:
        """Project one webhook on its canonical state."""
        return WebhookState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            description=wire["description"] or "",
            enabled=wire["enabled"],
            template=wire["template"],
            service_account_id=wire["service_account_id"],
            endpoint=_endpoint(api, wire),
        )

    def create(self, api: PrefectApi, args: WebhookArgs) -> WebhookState:
        """Make the webhook."""
        made = self.parse(api, api.post("/webhooks/", to_wire(args), repeatable=False))
        return made.model_copy(update={"rotation": args.rotation})

    def update(
        self, api: PrefectApi, old: WebhookState, new: WebhookArgs
    ) -> WebhookState:
        """Replace it as a whole; give it another address where that is asked for."""
        path = f"/webhooks/{old.id}"
        if changed(to_wire(old), to_wire(new)):
            api.put(path, to_wire(new))
        endpoint = old.endpoint
        if old.rotation != new.rotation:
            endpoint = _endpoint(api, api.post(f"{path}/rotate", repeatable=False))
        return WebhookState(**{**dict(new), "id": old.id, "endpoint": endpoint})

    def delete(self, api: PrefectApi, state: WebhookState) -> None:
        """Delete the webhook; its address ends."""
        api.delete(f"/webhooks/{state.id}")


def _endpoint(api: PrefectApi, wire: Wire) -> str:
    return f"{api.cloud.scope.removesuffix('/api')}/hooks/{wire['slug']}"


class Webhook(PrefectResource, kind=WebhookKind):
    """An address that turns the requests it gets into events.

    Args:
        resource_name: Its name in the program and in state.
        template: What makes an event of a request: JSON in Jinja, which knows `body`,
            `headers` and `method`.
        name: Its name; the resource's name if not given. Can be changed in place.
        description: What it is for.
        enabled: Whether requests become events.
        service_account: The service account whose key requests must bring; its id, or
            the resource. Anybody who knows the address may send if not given.
        rotation: Any text; a different one makes another address, and ends the old.
        workspace: The workspace it lives in.
        adopt: Take over a webhook of this name that differs.
        opts: Pulumi's resource options.

    Attributes:
        endpoint: The address, a secret.

    See https://docs.prefect.io/v3/automate/events/webhook-triggers.
    """

    name: pulumi.Output[str]
    template: pulumi.Output[str]
    description: pulumi.Output[str]
    enabled: pulumi.Output[bool]
    service_account_id: pulumi.Output[str | None]
    endpoint: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        template: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        enabled: pulumi.Input[bool] = True,
        service_account: ServiceAccount | pulumi.Input[str] | None = None,
        rotation: pulumi.Input[str] = "",
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        owner = (
            service_account.id
            if isinstance(service_account, ServiceAccount)
            else service_account
        )
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "template": template,
                "description": description,
                "enabled": enabled,
                "service_account_id": owner,
                "rotation": rotation,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
