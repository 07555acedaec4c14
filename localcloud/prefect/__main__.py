"""Start the Prefect half alone: `python -m localcloud.prefect --port 4200 …`."""

import argparse
import logging
import os
from pathlib import Path

import uvicorn

from localcloud.credentials import ensure, identifier, token
from localcloud.prefect.app import create_app

CREDENTIALS = {
    "prefect_account_id": identifier,
    "prefect_workspace_id": identifier,
    "prefect_api_key": token("pnu_"),
}
IDLE_SECONDS = 1800


def credentials(state_dir: Path) -> dict[str, str]:
    """Take the credentials that the supervisor gives, or make our own."""
    given = {name: os.environ.get(f"LOCALCLOUD_{name.upper()}") for name in CREDENTIALS}
    held = {name: value for name, value in given.items() if value}
    if len(held) == len(CREDENTIALS):
        return held
    return ensure(state_dir / "credentials.json", CREDENTIALS)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.prefect")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4200)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument(
        "--idle-seconds",
        type=float,
        default=os.environ.get("LOCALCLOUD_PREFECT_IDLE_SECONDS", IDLE_SECONDS),
        help="stop a workspace's server after so long without a request",
    )
    args = parser.parse_args()
    logging.basicConfig(level="INFO", format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    state_dir = args.state_dir.resolve()
    os.umask(0o077)  # what is kept is its owner's alone
    held = credentials(state_dir)
    address = f"http://{args.host}:{args.port}"
    account = f"{address}/api/accounts/{held['prefect_account_id']}"
    logging.getLogger(__name__).info(
        "the account is %s; its owner's key is in credentials.json", account
    )
    app = create_app(state_dir, held, address, args.idle_seconds)
    uvicorn.run(
        app,
        host=args.host,
        port=args.port,
        log_level="info",
        access_log=False,
        timeout_graceful_shutdown=2,
        ws_max_size=64 * 1024 * 1024,
    )


if __name__ == "__main__":
    main()
