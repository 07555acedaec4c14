"""How kinds and services are called on the page."""

from __future__ import annotations

import re
from typing import Final

# The order of the services, and how people write them; others come after.
SERVICES: Final = {
    "prefect": "Prefect",
    "modal": "Modal",
    "s3": "S3",
    "github": "GitHub",
}


def words(token: str) -> str:
    """Return a kind in words: `Work pool` for `prefect:WorkPool`."""
    name = token.rpartition(":")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()
