#!/usr/bin/env python3
"""Find, fetch or build the Pulumi engine, and print the folder to put first on PATH.

    python tools/engine/install.py            all that is needed; quick when it is there
    python tools/engine/install.py --print    only look; fail if there is none yet

FLOWGROUND_ENGINE=path|installer|build takes that one route.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.engine import routes  # noqa: E402  # found only from the checkout's root
from tools.engine.progress import say  # noqa: E402  # as above
from tools.engine.release import EngineError, pinned  # noqa: E402  # as above

if TYPE_CHECKING:
    from collections.abc import Iterator


def find(engine: Path, *, only_present: bool) -> Path:
    """Return the folder of a `pulumi` that runs this checkout's program.

    Raises:
        EngineError: no route led to one; the sentence tells what each one met.
    """
    forced = os.environ.get("FLOWGROUND_ENGINE", "")
    if forced and forced not in routes.ROUTES:
        known = ", ".join(routes.ROUTES)
        msg = f"FLOWGROUND_ENGINE is {forced!r}, but the routes are {known}."
        raise EngineError(msg)
    present = routes.present(engine)
    # What has been fetched or built before is taken before anything is fetched.
    order = list(present) if only_present else list({**present, **routes.ROUTES})
    met: list[str] = []
    for name in [forced] if forced else order:
        if only_present and name not in present:
            continue
        try:
            return routes.ROUTES[name](engine)
        except EngineError as error:
            met.append(str(error))
    raise EngineError("\n".join([f"There is no Pulumi {pinned()} to use.", *met]))


@contextlib.contextmanager
def alone(engine: Path) -> Iterator[None]:
    """Let one process at a time fetch or build into the folder."""
    engine.mkdir(parents=True, exist_ok=True)
    with (engine / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that is making the engine in {engine}.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--dir",
        type=Path,
        default=ROOT / ".flowground" / "engine",
        help="where a fetched or built engine is kept",
    )
    parser.add_argument(
        "--print",
        action="store_true",
        help="only print the folder; neither fetch nor build",
    )
    given = parser.parse_args()
    engine = given.dir.resolve()
    try:
        with alone(engine):
            print(find(engine, only_present=given.print))
    except EngineError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
