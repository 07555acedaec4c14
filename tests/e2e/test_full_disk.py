"""A disk that is full when the engine writes its state, and what mends it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.support.tiny_checkout import TinyCheckout

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.localcloud import LocalCloud

PROGRAM = """
import os
from components.prefect import Variable

for number in range(12):
    Variable(f"v{number}", value=os.environ["VALUE"] * 500)
"""
# Enough for the journal of 12 objects, and not for a state that has them.
ROOM_KB = 6


def test_what_was_made_on_a_full_disk_is_taken_up(
    tmp_path: Path, local_cloud: LocalCloud
) -> None:
    """`make recover` and `make up`, whatever the program says by then."""
    checkout = TinyCheckout(tmp_path)
    # Half of a compiled module is no module.
    checkout.env["PYTHONDONTWRITEBYTECODE"] = "1"
    (checkout.root / "__main__.py").write_text(PROGRAM)
    with local_cloud.workspace() as workspace:
        checkout.env |= {
            "PREFECT_API_URL": workspace.api_url,
            "PREFECT_API_KEY": local_cloud.api_key,
            "VALUE": "a",
        }
        limited = f"trap '' XFSZ; ulimit -f {ROOM_KB}; exec \"$@\""
        up = (sys.executable, "-m", "tools.stack", "up", "dev", "--skip-preview")
        checkout.pulumi("stack", "select", "--create", "dev")
        said = checkout.run(["bash", "-c", limited, "bash", *up], code=1)
        assert "failed to save snapshot" in said

        checkout.env["VALUE"] = "b"
        checkout.tool("stack", "recover", "dev")
        checkout.tool("stack", "up", "dev", "--skip-preview")
        again = checkout.tool("stack", "up", "dev", "--skip-preview")
        assert "unchanged" in again
        assert "updated" not in again
        with local_cloud.client(base_url=workspace.api_url) as client:
            found = client.post("/variables/filter", json={}).json()
        assert [one["value"] for one in found] == ["b" * 500] * 12
