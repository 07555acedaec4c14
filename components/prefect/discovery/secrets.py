"""The secrets of blocks: what a block's settings refer to, and what must be set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.prefect.block_data import shown

if TYPE_CHECKING:
    from .live import Live

_OTHER: Final = re.compile(r"[^A-Za-z0-9_-]+")


class NeededSecret(NamedTuple):
    """A secret that a stack's config must be given, for the service does not tell it.

    Attributes:
        name: Its key in the config.
        of: Where it is used.
        is_json: Whether it is JSON rather than text.
    """

    name: str
    of: str
    is_json: bool

    @property
    def command(self) -> str:
        """What sets it, on the terminal."""
        return f"pulumi config set --secret {self.name}"

    @property
    def reference(self) -> str:
        """What refers to it in the settings."""
        return f"${{{'json_secrets' if self.is_json else 'secrets'}.{self.name}}}"


def secrets_of(block: Live) -> tuple[dict[str, Any], list[NeededSecret]]:
    """Return the `secrets` of a block's settings, and what they refer to.

    The server shows text masked, and an object that is secret, or has secrets in it,
    as an object.
    """
    data = shown(block.wire)
    needed = {
        key: NeededSecret(
            _OTHER.sub("-", f"{block.state.type_slug}-{block.state.name}-{key}"),
            f"{key} of {block}",
            not isinstance(data[key], str),
        )
        for key in sorted(block.state.secrets or {})
    }
    if not needed:
        return {}, []
    references = {key: secret.reference for key, secret in needed.items()}
    return {"secrets": references}, [*needed.values()]
