"""One request as its handler sees it, and the reply the handler gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.github.actor import Actor
from localcloud.github.errors import NotFoundError
from localcloud.github.store.database import Database
from localcloud.github.views.urls import Urls


@dataclass(frozen=True)
class Reply:
    """Status, body (None for none) and what headers the operation adds."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """A request whose path has been matched and whose sender is known."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    actor: Actor
    db: Database
    urls: Urls
    limits: Mapping[str, Any]
    git_root: Path

    @property
    def writes(self) -> bool:
        """Whether the request wants to change something."""
        return self.method not in {"GET", "HEAD"}

    @property
    def fields(self) -> dict[str, Any]:
        """The body's members; an absent body has none."""
        return self.body if isinstance(self.body, dict) else {}

    def id(self, name: str) -> int:
        """A path parameter that is an id; what is no number names nothing."""
        text = self.params[name]
        # SQLite's integers end at 2^63, and so do GitHub's ids.
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise NotFoundError
        return int(text)
