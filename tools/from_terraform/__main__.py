"""Write the stack config that describes what a Terraform state manages of Prefect.

    python -m tools.from_terraform terraform.tfstate --stack prod [--workspace HANDLE]

`pulumi up` then takes the objects over as they are. What cannot be described is listed
with the reason. Secrets are left as references; --set-secrets puts what the state has
of them into the stack's config, encrypted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.discover.__main__ import head, tell
from components.discover.merge import merged
from components.discover.stack_file import StackFile
from components.kernel import ConfigurationError, FlowgroundError, told
from tools.surroundings import ROOT, STACKS, engine_environment

from .convert import Converted, convert
from .state import read

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAILED: Final = 1


def settings_of(
    made: Converted, handle: str | None, there: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the stack's settings for Prefect, with what was converted.

    Raises:
        ConfigurationError: It is not known which workspace it is.
    """
    if there:
        return merged(there, made.described)
    if handle:
        # It is another's, or nobody's: Terraform's, for a while yet.
        where: dict[str, Any] = {"layout": "shared", "handle": handle, "prefix": ""}
    elif made.workspace is None:
        where = {"layout": "server"}
    elif not made.workspace:
        raise ConfigurationError(
            "the state does not say its workspace's handle; give it by --workspace"
        )
    else:
        where = made.workspace
    return merged({"workspace": where}, made.described)


def set_secrets(values: Mapping[str, str], stack: str, folder: Path) -> None:
    """Put secrets into a stack's config, encrypted.

    Raises:
        ConfigurationError: `pulumi` does not take them.
    """
    for name, value in values.items():
        done = subprocess.run(
            ["pulumi", "config", "set", "--secret", name, "--stack", stack],
            cwd=folder,
            env=engine_environment(),
            input=value,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.strip().partition("\n")[0]
            raise ConfigurationError(f"secret {name} cannot be set: {said}")


def main() -> int:
    """Run the command, and return its exit code."""
    top, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        description=top,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("state", type=Path, help="as `terraform state pull` writes it")
    parser.add_argument("--stack", required=True, help="whose config it becomes")
    parser.add_argument("--workspace", metavar="HANDLE", help="where the objects are")
    parser.add_argument("--workspace-id", help="whose objects, if there are several's")
    parser.add_argument(
        "--in-the-open",
        action="append",
        default=[],
        metavar="TYPE.FIELD",
        help="a block's field that is no secret (`s3-bucket.*`); can be repeated",
    )
    parser.add_argument("--set-secrets", action="store_true")
    parser.add_argument("--output", metavar="FILE", help="`-` for the terminal")
    parser.add_argument("--cwd", type=Path, default=ROOT, metavar="FOLDER")
    given = parser.parse_args()
    try:
        return _run(given)
    except FlowgroundError as error:
        print(f"stack {given.stack}: {told(error)}", file=sys.stderr)
        return _FAILED


def _run(given: argparse.Namespace) -> int:
    file = StackFile(given.cwd, given.stack)
    made = convert(
        read(given.state),
        workspace_id=given.workspace_id,
        in_the_open=given.in_the_open,
    )
    settings = settings_of(made, given.workspace, file.get("prefect") or {})
    tier = file.get("tier") or (given.stack if given.stack in STACKS else "dev")
    described = made.described
    if given.set_secrets:
        described = described._replace(secrets=[])
    text = file.text(head(described), tier=tier, prefect=settings)
    if given.output == "-":
        print(text, end="")
        return 0
    target = Path(given.output or file.path)
    target.write_text(text, encoding="utf-8")
    tell(target, described)
    if given.set_secrets:
        os.environ.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
        set_secrets(made.values, given.stack, given.cwd)
        print(f"{len(made.values)} secrets set", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
