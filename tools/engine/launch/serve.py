"""Serve the language host; its first argument list is the engine's."""

from __future__ import annotations

import sys
from pathlib import Path

from host.server import main  # type: ignore[import-not-found]  # beside this once installed

if __name__ == "__main__":
    engine = Path(__file__).resolve().parent.parent
    sys.exit(main(engine / "bin" / "pulumi-language-python-exec"))
