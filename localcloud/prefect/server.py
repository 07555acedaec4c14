"""A Prefect server in this process: its settings, its database, its application.

Runs in the host and in its forks, the only places that import Prefect's server.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import os
import sqlite3
import zoneinfo
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    import socket

# What all servers share. Nothing here may reach out of this machine.
SETTINGS: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",  # the front serves it, without a server
    "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "false",  # keys, not cookies
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
}
WORKERS_VIEW = "aggregate-worker-metadata"


def prepare() -> None:
    """Import all that servers need, and bind them to what is on this machine."""
    os.environ.update(SETTINGS)
    # Prefect asks for all time zones at each check of a schedule, and each answer walks
    # the time zone database: 4 ms a schedule, twice. They do not change meanwhile.
    zoneinfo.available_timezones = functools.cache(zoneinfo.available_timezones)
    for module in (
        "prefect.server.api.server",
        "prefect.server.models.block_registration",
        "prefect.server.database.alembic_commands",
    ):
        importlib.import_module(module)
    _take_turns()
    collections: Any = importlib.import_module("prefect.server.api.collections")
    # The server asks GitHub for these views first and falls back on its packaged
    # copies: give it those, and only those, at once.
    packaged = Path(collections.__file__ or "").parent / "collections_data" / "views"
    view = json.loads((packaged / f"{WORKERS_VIEW}.json").read_text())
    collections.KNOWN_VIEWS = {WORKERS_VIEW: ""}
    collections.GLOBAL_COLLECTIONS_VIEW_CACHE = {WORKERS_VIEW: view}


def _take_turns() -> None:
    """Have writers wait for each other, as SQLite can, instead of failing.

    Prefect's transactions begin as readers, and the second that turns writer is refused
    at once ("database is locked", a 503), whatever the busy timeout. Inside of one the
    server opens others to read, which must not wait for it.
    """
    configurations: Any = importlib.import_module(
        "prefect.server.database.configurations"
    )
    mode = configurations.SQLITE_BEGIN_MODE

    @asynccontextmanager
    async def begin(
        _: Any,
        session: Any,
        with_for_update: bool = False,  # noqa: ARG001  # as Prefect calls it
    ) -> AsyncGenerator[Any, None]:
        token = mode.set("IMMEDIATE")
        try:
            async with session.begin() as transaction:
                await session.connection()
                mode.set("DEFERRED")
                yield transaction
        finally:
            mode.reset(token)

    configurations.AioSqliteConfiguration.begin_transaction = begin


def _settings(order: Mapping[str, Any]) -> AbstractContextManager[Any]:
    """Enter the settings of one server: those of its order, and no others."""
    url = f"sqlite+aiosqlite:///{order['database']}"
    os.environ["PREFECT_HOME"] = order["home"]
    os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = url
    if "password" in order:
        os.environ["PREFECT_SERVER_API_AUTH_STRING"] = order["password"]
        os.environ["PREFECT_UI_URL"] = order["ui_url"]
    context: Any = importlib.import_module("prefect.context")
    settings = importlib.import_module("prefect.settings.models.root").Settings()
    profile = context.get_settings_context().profile
    entered = context.SettingsContext(profile=profile, settings=settings)
    # Threads do not inherit context variables; they read the global.
    context.GLOBAL_SETTINGS_CONTEXT = entered
    manager: AbstractContextManager[Any] = entered
    return manager


def migrate(order: Mapping[str, Any]) -> None:
    """Make an empty database with the newest schema, to be copied for workspaces."""
    final = Path(order["database"])
    partial = final.with_name(f".{final.name}.{os.getpid()}")
    with _settings({**order, "database": str(partial)}):
        database = importlib.import_module("prefect.server.database")
        asyncio.run(database.provide_database_interface().create_db())
    with closing(sqlite3.connect(partial)) as connection:
        # One file, complete: no log beside it that a copy would miss.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    partial.replace(final)


def serve(
    order: Mapping[str, Any], listener: socket.socket, on_ready: Callable[[], None]
) -> None:
    """Run a server on a bound socket until SIGTERM."""
    api = importlib.import_module("prefect.server.api.server")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_ready()

    with _settings(order):
        config = uvicorn.Config(
            api.create_app(final=True, ignore_cache=True),
            log_level="warning",
            access_log=False,
            timeout_keep_alive=120,  # the front closes idle connections first
            timeout_graceful_shutdown=2,
        )
        Server(config).run(sockets=[listener])
