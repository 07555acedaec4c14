"""`python -m localcloud.github`: serve GitHub on loopback."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from localcloud.github.limits import Limits
from localcloud.github.server import serve

TOKEN_VARIABLE = "LOCALCLOUD_GITHUB_TOKEN"  # noqa: S105  a name, not a token


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.github",
        description="A GitHub on loopback: REST API and git over HTTP.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="the port on 127.0.0.1; 0 takes a free one"
    )
    parser.add_argument(
        "--tls-port", type=int, default=0, help="the port of HTTPS; as --port"
    )
    parser.add_argument(
        "--state-dir", type=Path, required=True, help="where everything is kept"
    )
    parser.add_argument(
        "--token",
        default=os.environ.get(TOKEN_VARIABLE),
        help="the site administrator's token, also for the routes under /_local "
        f"(default: ${TOKEN_VARIABLE}, which keeps it out of the process list)",
    )
    parser.add_argument(
        "--rate-limit",
        type=int,
        default=Limits().primary,
        help="requests an hour for each user, App or installation",
    )
    parser.add_argument(
        "--repository",
        metavar="OWNER/NAME",
        help="a repository to have from the start, of an organization made for it",
    )
    options = parser.parse_args()
    if not options.token:
        parser.error(f"no token: give --token or set {TOKEN_VARIABLE}")
    limits = Limits(primary=options.rate_limit)
    ports = (options.port, options.tls_port)
    serve(ports, options.state_dir, options.token, limits, options.repository)


if __name__ == "__main__":
    main()
