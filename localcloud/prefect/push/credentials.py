"""The credentials that a run is started with: checked where their service runs here."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

SERVER_VARIABLE = "MODAL_SERVER_URL"
CHECK_SECONDS = 20


class CredentialsError(Exception):
    """A run cannot be started with the credentials of its pool."""


async def check(pool_type: str, pool: str, settings: dict[str, Any]) -> str:
    """Check what a pool's runs are started with; return what is to be said of it.

    Args:
        pool_type: The pool's type; only that of Modal has a service here.
        pool: The pool's name.
        settings: The rendered job configuration, blocks resolved.

    Raises:
        CredentialsError: They are missing, or their service does not take them.
    """
    if pool_type != "modal:push":
        return ""
    block = settings.get("modal_credentials") or {}
    token_id, secret = block.get("token_id"), block.get("token_secret")
    if not token_id or not secret:
        raise CredentialsError(
            f"work pool '{pool}' has no Modal credentials: set the default of the "
            f"variable modal_credentials in its base job template to a block of type "
            f"modal-credentials, as `prefect work-pool create --type modal:push "
            f"--provision-infra` does"
        )
    server = os.environ.get(SERVER_VARIABLE)
    if not server:
        return "No Modal control plane runs here, so its token was not checked."
    workspace = await _workspace_of(server, pool, str(token_id), str(secret))
    return f"Modal takes token {token_id} of workspace '{workspace}'."


async def _workspace_of(server: str, pool: str, token_id: str, secret: str) -> str:
    """Ask the control plane whose token this is."""
    # Imported by the first run that needs it: most clouds have no such pool.
    from grpclib import GRPCError  # noqa: PLC0415  as above
    from grpclib.client import Channel  # noqa: PLC0415  as above
    from modal_proto.api_grpc import ModalClientStub  # noqa: PLC0415  as above
    from modal_proto.api_pb2 import TokenInfoGetRequest  # noqa: PLC0415  as above

    address = urlsplit(server)
    shown = {"x-modal-token-id": token_id, "x-modal-token-secret": secret}
    try:
        async with Channel(address.hostname, address.port) as channel:
            token = await ModalClientStub(channel).TokenInfoGet(
                TokenInfoGetRequest(), metadata=shown, timeout=CHECK_SECONDS
            )
    except GRPCError as error:
        raise CredentialsError(
            f"Modal does not take the credentials of work pool '{pool}' "
            f"({error.message}): write a valid token into its modal-credentials block"
        ) from None
    except (OSError, TimeoutError) as error:
        raise CredentialsError(
            f"Modal at {server} cannot be asked about the credentials of work pool "
            f"'{pool}' ({error}): see whether its service runs, and run it again"
        ) from None
    return str(token.workspace_name)
