"""Formats of the description that openapi-core lets any string pass as."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-;=?-\[\]_a-z~]+", re.IGNORECASE)


def is_uri(text: Any) -> bool:
    """Whether a value can be a `uri`; what is no string is not held to a format."""
    return not isinstance(text, str) or bool(_URI.fullmatch(text))


CHECKS: dict[str, Callable[[Any], bool]] = {"uri": is_uri}
