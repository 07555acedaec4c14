"""Run a local Modal control plane until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from localcloud.modal import accounts, http, server
from localcloud.modal.housekeeping import keep_house, sweep_content
from localcloud.modal.plane import Plane
from localcloud.modal.scheduler import Scheduler
from localcloud.modal.settings import GIB, Settings

OWNER = "local-owner"
TOKEN_ID_VARIABLE = "LOCALCLOUD_MODAL_TOKEN_ID"  # noqa: S105  a name, not a token
TOKEN_SECRET_VARIABLE = "LOCALCLOUD_MODAL_TOKEN_SECRET"  # noqa: S105  a name


def parse(arguments: list[str] | None = None) -> Settings:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.modal", description=__doc__
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="gRPC port; 0 takes a free one")
    add("--http-port", type=int, default=0, help="port of uploads, downloads and pages")
    add(
        "--token-id",
        default=os.environ.get(TOKEN_ID_VARIABLE),
        help=f"id of the bootstrap token, such as ak-local ({TOKEN_ID_VARIABLE})",
    )
    add(
        "--token-secret",
        default=os.environ.get(TOKEN_SECRET_VARIABLE),
        help="secret of the bootstrap token "
        f"({TOKEN_SECRET_VARIABLE}, which keeps it out of the process list)",
    )
    add("--state-dir", type=Path, required=True, help="folder of everything that lasts")
    add("--workspace", default="local", help="name of the bootstrap workspace")
    add(
        "--auto-approve",
        action="store_true",
        help="approve `modal token new` without anybody looking at its page",
    )
    add(
        "--python",
        type=Path,
        default=Path(sys.executable),
        help="interpreter that functions run in, in the place of their images",
    )
    add(
        "--image-env",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what base images would set, such as AIRFLOW_HOME=/opt/airflow",
    )
    add(
        "--max-containers",
        type=int,
        default=8,
        help="how many function containers may run at a time",
    )
    add(
        "--multipart-threshold",
        type=int,
        default=GIB,
        help="blobs above this many bytes are uploaded in parts",
    )
    values = vars(parser.parse_args(arguments))
    if not values["token_id"] or not values["token_secret"]:
        parser.error(
            "no bootstrap token: give --token-id and --token-secret, or set "
            f"{TOKEN_ID_VARIABLE} and {TOKEN_SECRET_VARIABLE}"
        )
    values["image_env"] = tuple(values["image_env"])
    return Settings(**values)


async def run(settings: Settings) -> None:
    """Serve until a signal says to stop."""
    os.umask(0o077)  # what is kept is its owner's alone
    stop = stop_signal()
    plane = Plane.open(settings)
    accounts.seed_bootstrap(
        plane.store,
        settings.workspace,
        OWNER,
        settings.token_id,
        settings.token_secret,
    )
    sweep_content(plane)
    runner = web.AppRunner(http.application(plane), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", settings.http_port)
    await site.start()
    plane.urls.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    grpc, port = await server.serve(plane)
    plane.grpc_url = f"http://127.0.0.1:{port}"
    announce(plane)
    background = [
        asyncio.create_task(keep_house(plane)),
        asyncio.create_task(Scheduler(plane).run()),
    ]
    await stop.wait()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    grpc.close()
    await grpc.wait_closed()
    await runner.cleanup()
    plane.close()


def announce(plane: Plane) -> None:
    """Say where the control plane is, on stdout and in the state folder."""
    addresses = {
        "grpc_url": plane.grpc_url,
        "http_url": plane.urls.base,
        "workspace": plane.settings.workspace,
        "token_id": plane.settings.token_id,
    }
    line = json.dumps(addresses)
    fresh = plane.settings.state_dir / "addresses.json.new"
    fresh.write_text(line + "\n")
    fresh.replace(plane.settings.state_dir / "addresses.json")
    print(line, flush=True)


def stop_signal() -> asyncio.Event:
    """Return an event that fires when the process is asked to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # It reports every stream that a client gives up, which is how clients stop waiting.
    logging.getLogger("grpclib").setLevel(logging.WARNING)
    asyncio.run(run(parse()))
