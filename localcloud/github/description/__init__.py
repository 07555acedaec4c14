"""GitHub's own OpenAPI description, cut to what is served, and how far we amend it.

`api.json` is made by `slicer.py` from the npm package that `origin.json` names.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from localcloud.github.description.amendments import amend


def load() -> dict[str, Any]:
    """The description that requests and responses are held to."""
    text = files(__package__).joinpath("api.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    amend(document)
    return document
