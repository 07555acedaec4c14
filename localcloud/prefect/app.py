"""The front: account API, workspaces' servers and their UI behind one address."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from localcloud.prefect import hooks, proxy, sockets, ui
from localcloud.prefect.account.bootstrap import bootstrap
from localcloud.prefect.account.routes import (
    accounts,
    bots,
    collections,
    grants,
    me,
    members,
    object_access,
    roles,
    settings,
    slas,
    teams,
    users,
    webhooks,
    workspaces,
)
from localcloud.prefect.account.store import ConflictError, Store
from localcloud.prefect.push.keeper import Keeper
from localcloud.prefect.servers import Servers

# The order matters: what the account API owns inside a workspace comes first, and all
# the rest of it is the workspace's server's.
ROUTERS = (
    me.router,
    roles.scopes_router,
    roles.router,
    users.router,
    bots.router,
    teams.router,
    members.router,
    settings.router,
    workspaces.router,
    grants.router,
    webhooks.router,
    slas.router,
    object_access.router,
    collections.router,
    accounts.router,
    sockets.router,
    proxy.router,
)


class WithoutTrailingSlash:
    """Route `/bots/` and `/bots` alike, as clients disagree on it; a redirect costs.

    The raw path, which the proxy forwards, stays as it came.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)


async def _conflict(_: Request, error: Exception) -> JSONResponse:
    """Answer 409 to a name that is taken, or to the deletion of what is in use."""
    if "FOREIGN KEY" in str(error):
        detail = "The object is still in use by others."
    else:
        detail = "An object with this name or handle exists already."
    return JSONResponse({"detail": detail}, 409)


def create_app(
    state_dir: Path, credentials: Mapping[str, str], ui_base: str, idle_seconds: float
) -> FastAPI:
    """Build the application.

    Args:
        state_dir: Where accounts, keys and workspaces live.
        credentials: The account's first credentials, see `bootstrap`.
        ui_base: The address under which browsers reach this front.
        idle_seconds: After how long without a request a workspace's server stops.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = Store(state_dir / "account.db")
        bootstrap(store, credentials)
        servers = Servers(store, state_dir, ui_base, idle_seconds)
        app.state.store, app.state.servers = store, servers
        keeper = Keeper(state_dir, ui_base)
        try:
            await servers.open()
            keeper.open()
            yield
        finally:
            await keeper.close()
            await servers.close()
            store.close()

    app = FastAPI(
        title="Prefect Cloud, local", lifespan=lifespan, redirect_slashes=False
    )
    app.add_exception_handler(ConflictError, _conflict)
    app.add_middleware(WithoutTrailingSlash)
    api = APIRouter(prefix="/api")

    @api.get("/health")
    async def health() -> bool:
        """Answer once requests are served."""
        return True

    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(hooks.router)
    app.include_router(ui.router)
    return app
