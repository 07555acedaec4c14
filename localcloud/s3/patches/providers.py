"""An identity provider's audiences can be added and removed: moto has neither call."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.responses import IamResponse


def apply() -> None:
    """Add both calls, idempotent as in AWS."""
    responses: Any = IamResponse

    def named(response: Any) -> tuple[list[str], str]:
        arn = response._get_param("OpenIDConnectProviderArn")  # noqa: SLF001  moto's own
        provider = response.backend.get_open_id_connect_provider(arn)
        client_id: str = response._get_param("ClientID")  # noqa: SLF001  moto's own
        return provider.client_id_list, client_id

    def add(response: Any) -> EmptyResult:
        held, client_id = named(response)
        if client_id not in held:
            held.append(client_id)
        return EmptyResult()

    def remove(response: Any) -> EmptyResult:
        held, client_id = named(response)
        if client_id in held:
            held.remove(client_id)
        return EmptyResult()

    responses.add_client_id_to_open_id_connect_provider = add
    responses.remove_client_id_from_open_id_connect_provider = remove
