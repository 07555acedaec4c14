"""A variable of GitHub Actions: a plain text that workflows read as `vars.NAME`.

API: POST …/variables, PATCH and DELETE …/variables/{name}, GET …/variables (30 a page),
each below /repos/{owner}/{repo}/actions, below an environment of it, or below
/orgs/{org}/actions; there also GET …/{name}/repositories. Immutable: the place and the
name, which is its identity. Quirk: GitHub stores names in upper case.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

import pulumi
from pydantic import AfterValidator

from components.kernel import Wire, changed, kind

from .base import GithubResource, InEnvironment, path_of, small
from .client import GithubApi
from .entry import EntryKind
from .visibility import SharedArgs, shared_wire


class ActionsVariableArgs(InEnvironment, SharedArgs):
    """What a user writes for a variable; see `ActionsVariable`."""

    value: Annotated[str, AfterValidator(small)]


class ActionsVariableState(ActionsVariableArgs):
    """A variable as GitHub has it; its id is its path."""

    id: str


def to_wire(api: GithubApi, args: ActionsVariableArgs) -> Wire:
    """Write a variable as the API takes it."""
    return {"name": args.name, "value": args.value, **shared_wire(api, args)}


@kind("github:ActionsVariable", key=("name",))
class ActionsVariableKind(EntryKind[ActionsVariableArgs, ActionsVariableState]):
    """The life cycle of a variable."""

    collection = "actions/variables"
    page = 30

    def parse(self, api: GithubApi, wire: Wire) -> ActionsVariableState:
        """Project one variable on its canonical state."""
        return ActionsVariableState(**self.fields_of(api, wire), value=wire["value"])

    def create(self, api: GithubApi, args: ActionsVariableArgs) -> ActionsVariableState:
        """Make the variable; GitHub answers with nothing."""
        entries = self.entries(api)
        api.post(entries, to_wire(api, args))
        return ActionsVariableState(**{**dict(args), "id": path_of(entries, args.name)})

    def update(
        self, api: GithubApi, old: ActionsVariableState, new: ActionsVariableArgs
    ) -> ActionsVariableState:
        """Change what differs."""
        wire = to_wire(api, new)
        change = changed(to_wire(api, old), wire)
        if "selected_repository_ids" in change:
            change["visibility"] = wire["visibility"]
        api.patch(old.id, change)
        return ActionsVariableState(**{**dict(new), "id": old.id})

    def delete(self, api: GithubApi, state: ActionsVariableState) -> None:
        """Delete the variable."""
        api.delete(state.id)


class ActionsVariable(GithubResource, kind=ActionsVariableKind):
    """A plain text that the workflows of GitHub Actions read as `vars.NAME`.

    Args:
        resource_name: Its name in the program and in state.
        value: Any text of at most 48 KB; everyone who may read the repository's
            settings sees it.
        name: Letters, digits and `_`, not beginning with a digit or `GITHUB_`; stored
            in upper case. The resource's name if not given. A change replaces it.
        repository: The repository `owner/name` it belongs to. A change replaces it.
        environment: The repository's environment it belongs to; the repository itself
            if not given. A change replaces it.
        organization: The organization it belongs to, instead of a repository. A
            change replaces it.
        visibility: Which of the organization's repositories may use it: `all`,
            `private` or `selected`. `private` if not given, or `selected` if some are.
        selected_repositories: The names of those, with the visibility `selected`.
        adopt: Take over a variable of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/use-variables.
    """

    environment: pulumi.Output[str | None]
    organization: pulumi.Output[str | None]
    value: pulumi.Output[str]
    visibility: pulumi.Output[str | None]
    selected_repositories: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        value: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        repository: pulumi.Input[str] | None = None,
        environment: pulumi.Input[str] | None = None,
        organization: pulumi.Input[str] | None = None,
        visibility: pulumi.Input[Literal["all", "private", "selected"]] | None = None,
        selected_repositories: pulumi.Input[Collection[str]] = (),
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "value": value,
                "name": name if name is not None else resource_name,
                "repository": repository,
                "environment": environment,
                "organization": organization,
                "visibility": visibility,
                "selected_repositories": selected_repositories,
                "adopt": adopt,
            },
            opts,
        )
