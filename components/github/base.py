"""What the kinds of GitHub have in common: where they live, and what they are named.

Names are brought into the form in which GitHub compares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    Args,
    Config,
    Immutable,
    Kind,
    Location,
    ManagedResource,
)

from .client import SETTINGS, GithubApi, connect, part
from .place import Place

# GitHub counts secrets and variables alike: 48 KB.
MAX_VALUE_BYTES: Final = 48 * 1024


def _stored(name: str) -> str:
    if name.upper().startswith("GITHUB_"):
        raise ValueError(
            "starts with GITHUB_, which GitHub keeps for itself; rename it"
        )
    return name.upper()


def small(value: str | None) -> str | None:
    """Refuse what GitHub has no room for."""
    if value is not None and (size := len(value.encode())) > MAX_VALUE_BYTES:
        raise ValueError(
            f"is {size} bytes; GitHub takes at most {MAX_VALUE_BYTES}: keep it in a "
            "store of its own, and only the key to it here"
        )
    return value


EntryName = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=255),
    AfterValidator(_stored),
]
"""The name of a secret or a variable, in the upper case that GitHub stores."""

Repository = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$"),
    AfterValidator(str.lower),
]
"""`owner/name`."""

Organization = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]+$"), AfterValidator(str.lower)
]
"""An organization's login."""

# What GitHub refuses in an environment's name.
_BARRED: Final = r"""\x00-\x1f\x7f'"`,;\\"""

EnvironmentName = Annotated[
    str,
    Field(
        pattern=rf"^[^{_BARRED}]*[^\s{_BARRED}][^{_BARRED}]*$",
        max_length=255,
    ),
]
"""An environment's name; it may have slashes, and keeps its case."""


class RepositoryArgs(Args):
    """What every object of a repository has.

    Attributes:
        repository: `owner/name`.
    """

    repository: Annotated[Repository, Immutable]


class EntryArgs(Args):
    """What every secret and variable has: one place out of those that can have it.

    Attributes:
        repository: `owner/name`.
        organization: An organization's login.
        name: In upper case, as GitHub stores it.
    """

    repository: Annotated[Repository | None, Immutable] = None
    organization: Annotated[Organization | None, Immutable] = None
    name: Annotated[EntryName, Immutable]

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield where the place is none, or two."""
        if not {"repository", "organization"} <= known.keys():
            return
        if known["repository"] is None and known["organization"] is None:
            yield ("repository",), "is required; set it, or organization"
        elif None not in {known["repository"], known["organization"]}:
            yield ("organization",), "is set beside repository; set one of the two"


class InEnvironment(Args):
    """What can also live in an environment of its repository.

    Attributes:
        environment: The environment's name.
    """

    environment: Annotated[EnvironmentName | None, Immutable] = None

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield where an environment is not said to be a repository's."""
        yield from super().rules(known)
        if known.get("environment") is not None and known.get("organization"):
            yield ("environment",), "is a repository's; remove it, or organization"


A = TypeVar("A", bound=Args)
S = TypeVar("S", bound=Args)


class GithubKind(Kind[GithubApi, A, S]):
    """A kind whose objects live in a repository, an environment or an organization."""

    def connect(self, config: Config, args: A) -> GithubApi:
        """Return the API of the object's place."""
        return connect(config, place_of(args))

    def describe(self, args: Args) -> str:
        """Name one object and its place, as a sentence would."""
        return f"{super().describe(args)} of {place_of(args)}"


def place_of(args: Args) -> Place:
    """Return where an object lives."""
    return Place(*(getattr(args, field, None) for field in Place._fields))


def path_of(collection: str, name: str) -> str:
    """Return an object's path below the API's URL, which is also its id."""
    return f"{collection}/{part(name)}"


class GithubResource(ManagedResource):
    """An object of GitHub that the stack owns."""

    settings = SETTINGS
    name: pulumi.Output[str]
    repository: pulumi.Output[str | None]
