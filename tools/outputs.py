"""Print what a stack tells, for people and shells.

    python -m tools.outputs dev --format env|json|table [--show-secrets] [--as ACCOUNT]

`env` is for `eval`: the variables by which the unmodified `prefect`, `modal`, `aws` and
`modalflow` work in that environment. Credentials are among them only with
`--show-secrets`; without it, whoever evaluates them goes in with keys of their own.
`json` is what `pulumi stack output --json` prints.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from components.outputs import (
    Credentials,
    Outputs,
    OutputsError,
    read,
    read_credentials,
)
from tools.stack import command
from tools.surroundings import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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

    Raises:
        OutputsError: The stack has no key of the account.
    """
    yield from ((name, env[name]) for name in ENDPOINTS if name in env)
    if told.prefect:
        yield "PREFECT_API_URL", told.prefect.api_url
    if account is None and len(held.prefect) == 1:
        (account,) = held.prefect
    if account is not None:
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


def exports(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield what a POSIX shell evaluates to just these variables.

    Raises:
        OutputsError: A name is none that a shell could set; evaluated, it would be
            taken for a command.
    """
    for name, value in pairs:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise OutputsError(
                f"{name!r} is not the name of a variable; correct it in the stack's "
                f"config, or take --format json"
            )
        yield f"export {name}={shlex.quote(value)}"


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


def run(arguments: Sequence[str] | None = None) -> int:
    """Print them, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--format", choices=("env", "json", "table"), default="json")
    parser.add_argument("--show-secrets", action="store_true")
    parser.add_argument("--as", dest="account", metavar="ACCOUNT")
    given = parser.parse_args(arguments)
    if given.account and not given.show_secrets:
        parser.error("--as hands out the account's key; it needs --show-secrets")
    env = environment()
    options = ["--show-secrets"] if given.show_secrets else []
    shown = subprocess.run(
        command("outputs", given.stack, options),
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=False,
    )
    if shown.returncode:
        return shown.returncode
    outputs: dict[str, Any] = json.loads(shown.stdout)
    try:
        lines = list(_lines(given, outputs, env))
    except OutputsError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


def _lines(
    given: argparse.Namespace, outputs: dict[str, Any], env: Mapping[str, str]
) -> Iterator[str]:
    """Yield what is to be printed, all of it or an error."""
    if given.format == "json":
        yield json.dumps(outputs, indent=2)
        return
    told = read(given.stack, outputs.get("flowground"))
    shown = outputs.get("credentials") if given.show_secrets else None
    held = read_credentials(given.stack, shown)
    if given.format == "env":
        yield from exports(variables(told, held, env, given.account))
        return
    credentials = {"credentials": held.model_dump(exclude_defaults=True)}
    listed = list(rows({**told.model_dump(by_alias=True), **credentials}))
    width = max(len(path) for path, _ in listed)
    yield from (f"{path:<{width}}  {value}" for path, value in listed)


if __name__ == "__main__":
    sys.exit(run())
