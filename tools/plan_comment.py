"""Write one Markdown comment of all plans and rehearsals that were kept.

python -m tools.plan_comment [comment.md]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from components.kernel import ConfigurationError, told
from tools.comment import DEFAULT
from tools.plans.comment import PREVIEW, render
from tools.plans.kept import previews, rehearsals


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT)
    file: Path = parser.parse_args().file
    try:
        planned, rehearsed = previews(), rehearsals()
    except ConfigurationError as error:
        sys.exit(told(error))
    if not planned and not rehearsed:
        sys.exit("there is nothing to comment on; `make plan` or `make rehearse` first")
    file.write_text(render(PREVIEW, planned, rehearsed), encoding="utf-8")
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
