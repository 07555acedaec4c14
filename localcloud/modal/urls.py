"""Signed URLs: the HTTP side serves nothing that was not handed out over gRPC."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.modal.seal import Seal


class Urls:
    """Makes and checks URLs; `base` is known once the HTTP port is."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self.base = ""

    def make(self, method: str, path: str, **query: str | int) -> str:
        """Return a URL that allows this method on this path with this query."""
        text = urlencode(sorted(query.items()))
        signature = self._seal.sign(f"{method} {path}?{text}")
        return f"{self.base}{path}?{text}{'&' if text else ''}signature={signature}"

    def allows(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Tell whether a request's URL was made here for its method."""
        asked = {key: value for key, value in query.items() if key != "signature"}
        text = urlencode(sorted(asked.items()))
        expected = self._seal.sign(f"{method} {path}?{text}")
        return hmac.compare_digest(expected, query.get("signature", ""))
