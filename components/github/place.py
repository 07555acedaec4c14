"""Where an object lives: a repository, its environment, or an organization."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote


class Place(NamedTuple):
    """A place; names of repositories and organizations are in lower case.

    GitHub tells neither by case, and the ids of our objects rest on them.
    """

    repository: str | None = None
    environment: str | None = None
    organization: str | None = None

    @property
    def path(self) -> str:
        """Return the place's own path below the API's URL."""
        if self.organization is not None:
            return f"/orgs/{quote(self.organization, safe='')}"
        if self.environment is not None:
            name = quote(self.environment, safe="")
            return f"{self.within.path}/environments/{name}"
        return f"/repos/{quote(self.repository or '', safe='/')}"

    @property
    def within(self) -> Place:
        """Return the repository of an environment; other places are in nothing."""
        return Place(repository=self.repository, organization=self.organization)

    def __str__(self) -> str:
        """Name the place as a sentence would."""
        if self.organization is not None:
            return f"organization '{self.organization}'"
        if self.environment is not None:
            return f"environment '{self.environment}' of {self.within}"
        return f"repository '{self.repository}'"
