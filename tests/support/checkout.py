"""Where this checkout is, and the local cloud's Python in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = os.environ.get(
    "FLOWGROUND_LOCALCLOUD_PYTHON", str(ROOT / ".venv-localcloud/bin/python")
)
