"""Start the language host in a Python that has the SDK's protocol."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pythons import for_host  # type: ignore[import-not-found]  # beside this once installed

if __name__ == "__main__":
    library = Path(__file__).resolve().parent
    python = str(for_host(library.parent))
    script = str(library / "serve.py")
    # One process, so that a signal of the engine reaches the host itself.
    os.execv(python, [python, script, *sys.argv[1:]])  # noqa: S606  # nor a shell
