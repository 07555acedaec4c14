"""Print what a stack tells, for people and shells.

    python -m tools.outputs dev --format env|json|table [--show-secrets] [--as ACCOUNT]

`env` is for `eval`: the variables by which the unmodified `prefect`, `modal`, `aws` and
`modalflow` work in that environment. Credentials are among them only with
`--show-secrets`. `json` is what `pulumi stack output --json` prints.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from components.outputs import Credentials, Outputs, OutputsError, read
from tools.stack import command, ensure
from tools.surroundings import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Where the services are, if not where their clients look by themselves.
ENDPOINTS: Final = (
    "PREFECT_CLOUD_API_URL",
    "PREFECT_CLOUD_UI_URL",
    "MODAL_SERVER_URL",
    "MODAL_DISABLE_API_PROXY",
    "AWS_ENDPOINT_URL",
    "GITHUB_API_URL",
)


def variables(
    told: Outputs, held: Credentials, env: Mapping[str, str], account: str | None
) -> Iterator[tuple[str, str]]:
    """Yield the variables that a shell needs to work in an environment.

    Args:
        told: What the stack tells.
        held: Its credentials; empty where they are not to be shown.
        env: What the engine ran in.
        account: The service account to be; the only one if not given.
    """
    yield from ((name, env[name]) for name in ENDPOINTS if name in env)
    if told.prefect:
        yield "PREFECT_API_URL", told.prefect.api_url
    if account is None and len(held.prefect) == 1:
        (account,) = held.prefect
    if account in held.prefect:
        yield "PREFECT_API_KEY", held.prefect[account]
    if told.modal:
        yield "MODAL_ENVIRONMENT", told.modal.environment
        if told.modal.airflow:
            yield from told.modal.airflow.environment.items()
    if held.modal:
        yield "MODAL_TOKEN_ID", held.modal.token_id
        yield "MODAL_TOKEN_SECRET", held.modal.token_secret
    if told.s3 and len(told.s3.dag_buckets) == 1:
        ((name, bucket),) = told.s3.dag_buckets.items()
        yield "AWS_REGION", bucket.region
        if name in held.s3:
            yield "AWS_ACCESS_KEY_ID", held.s3[name].access_key_id
            yield "AWS_SECRET_ACCESS_KEY", held.s3[name].secret_access_key


def rows(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield a row for each value that is told, by its path."""
    match value:
        case dict():
            for key, item in value.items():
                yield from rows(item, f"{path}.{key}" if path else str(key))
        case list():
            yield path, ", ".join(map(str, value))
        case None:
            return
        case _:
            yield path, str(value)


def main() -> int:
    """Print them, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--format", choices=("env", "json", "table"), default="json")
    parser.add_argument("--show-secrets", action="store_true")
    parser.add_argument("--as", dest="account", metavar="ACCOUNT")
    given = parser.parse_args()
    env = environment()
    ensure(given.stack, env)
    secrets = ["--show-secrets"] if given.show_secrets else []
    shown = subprocess.run(
        command("outputs", given.stack, secrets),
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=False,
    )
    if shown.returncode:
        return shown.returncode
    outputs: dict[str, Any] = json.loads(shown.stdout)
    if given.format == "json":
        print(json.dumps(outputs, indent=2))
        return 0
    try:
        told = read(given.stack, outputs.get("flowground"))
    except OutputsError as error:
        sys.exit(str(error))
    held = Credentials.model_validate(
        outputs.get("credentials", {}) if given.show_secrets else {}
    )
    if given.format == "env":
        for name, value in variables(told, held, env, given.account):
            print(f"export {name}={shlex.quote(value)}")
        return 0
    lines = list(rows({**told.model_dump(by_alias=True), **_named(held)}))
    width = max(len(path) for path, _ in lines)
    for path, value in lines:
        print(f"{path:<{width}}  {value}")
    return 0


def _named(held: Credentials) -> dict[str, Any]:
    """Put the credentials that are to be shown under their output's name."""
    return {"credentials": held.model_dump(exclude_defaults=True)}


if __name__ == "__main__":
    sys.exit(main())
