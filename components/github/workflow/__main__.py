"""Print the workflow that deploys a repository of flows to each environment.

    python -m components.github.workflow > ../flows/.github/workflows/prefect_cd.yaml

reads the stacks' config files alone. Each stack whose config has `github` is a job;
they run in the order of the tiers, each after the one before. Run it again after the
config of a delivery has changed; for the same config it prints the same.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from components.github.workflow import jobs_of, render
from components.kernel import ConfigurationError, told

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        jobs = jobs_of(Path.cwd(), given.stack, given.repository)
    except ConfigurationError as error:
        print(told(error), file=sys.stderr)
        return FAILED
    print(render(jobs), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    head, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m components.github.workflow",
        description=head,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", type=str.lower, help="whose workflow"
    )
    parser.add_argument(
        "--stack",
        action="append",
        default=[],
        help="a stack that deploys to it; all that do if not given; repeatable",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
