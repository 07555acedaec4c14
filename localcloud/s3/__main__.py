"""`python -m localcloud.s3`: serve S3, IAM, STS and KMS on loopback."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from localcloud.s3.root import RootKey

KEY_ID_VARIABLE = "LOCALCLOUD_S3_ACCESS_KEY_ID"
SECRET_VARIABLE = "LOCALCLOUD_S3_SECRET_ACCESS_KEY"  # noqa: S105  a name, not a secret


def main() -> None:
    """Read the command line and the environment, and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.s3",
        description="S3, IAM, STS and KMS on loopback. The root key is taken from "
        f"${KEY_ID_VARIABLE} and ${SECRET_VARIABLE}.",
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
    options = parser.parse_args()
    key_id, secret = (os.environ.get(n) for n in (KEY_ID_VARIABLE, SECRET_VARIABLE))
    if not key_id or not secret:
        parser.error(f"no root key: set {KEY_ID_VARIABLE} and {SECRET_VARIABLE}")
    # After the arguments are known to be good: moto takes a second to import.
    from localcloud.s3.server import serve  # noqa: PLC0415

    serve((options.port, options.tls_port), options.state_dir, RootKey(key_id, secret))


if __name__ == "__main__":
    main()
