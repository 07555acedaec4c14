"""Write the JSON Schema of the outputs contract.

    python -m tools.outputs_schema [--release]

`docs/outputs/v1.schema.json` is what the code has now. `v1.released.schema.json` is
what the last release had, which the present one may only add to; `--release` brings it
up to date.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from components.outputs import json_schema

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs/outputs"
PRESENT: Final = FOLDER / "v1.schema.json"
RELEASED: Final = FOLDER / "v1.released.schema.json"


def text() -> str:
    """Return the schema as the file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--release", action="store_true")
    given = parser.parse_args()
    for file in (PRESENT, RELEASED) if given.release else (PRESENT,):
        file.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
