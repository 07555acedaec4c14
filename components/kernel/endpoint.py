"""Where a service is and who asks, as people set it: told where it cannot be right."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .kind import Config

_PORTS: Final = {"http": 80, "https": 443}


def setting(config: Config, variable: str, key: str) -> str | None:
    """Return a setting of the environment, or else of the stack's config.

    Args:
        config: The service's settings.
        variable: The environment's name of it.
        key: The config's.

    Raises:
        ConfigurationError: It has what no header and no address can carry.
    """
    text = secret_text(config, variable, key)
    if text is None:
        return None
    if not (text.isascii() and text.isprintable()) or text != text.strip():
        # It may be a key, so it is not shown.
        raise ConfigurationError(
            f"{variable}, or `{key}` of the config, has spaces around it, ends of "
            "lines or signs that are not ASCII; set it anew, without them"
        )
    return text


def secret_text(config: Config, variable: str, key: str) -> str | None:
    """Return a setting that may be any text: a password, or a key of many lines."""
    found = os.environ.get(variable) or config.get(key)
    return None if found is None else str(found)


def host_of(url: str, variable: str, example: str) -> tuple[str, int]:
    """Return the host and the port of a service's address.

    Raises:
        ConfigurationError: It is no URL, or no HTTP one.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in _PORTS and parts.hostname and " " not in url:
            return parts.hostname, parts.port or _PORTS[parts.scheme]
    raise ConfigurationError(f"{variable} is '{url}'; give a URL such as {example}")
