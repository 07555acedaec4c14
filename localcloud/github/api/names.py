"""The names that secrets, variables, repositories and environments may have."""

from __future__ import annotations

import re

from localcloud.github.errors import UnprocessableError

_ENTRY = re.compile(r"[A-Z_][A-Z0-9_]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_ENVIRONMENT_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f'\"`,;\\]")


def entry_name(resource: str, text: str) -> str:
    """A secret's or variable's name in the form in which GitHub keeps it.

    https://docs.github.com/actions/reference/security/secrets#naming-your-secrets
    """
    name = text.upper()
    if not text.isascii() or not _ENTRY.fullmatch(name):
        raise UnprocessableError(
            f"{resource} names can only contain alphanumeric characters ([a-z], "
            "[A-Z], [0-9]) or underscores (_). Spaces are not allowed. Must start "
            "with a letter ([a-z], [A-Z]) or underscores (_)."
        )
    if name.startswith("GITHUB_"):
        raise UnprocessableError(f"{resource} names must not start with GITHUB_.")
    return name


def repository_name(text: str) -> str:
    """A repository's name; what GitHub does not keep becomes a dash."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text.removesuffix(".git"))
    if not _REPOSITORY.fullmatch(name) or name in {".", "..", "-"}:
        raise UnprocessableError.field(
            "Repository", "name", "custom", "name is not a valid repository name"
        )
    return name


def environment_name(text: str) -> str:
    """An environment's name: at most 255 characters, slashes allowed."""
    if not text.strip() or len(text) > 255 or _ENVIRONMENT_FORBIDDEN.search(text):
        raise UnprocessableError(
            "The name must be 1 to 255 characters and must not contain quotes, "
            "backquotes, commas, semicolons, backslashes or control characters."
        )
    return text
