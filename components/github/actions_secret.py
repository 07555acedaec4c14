"""A secret of GitHub Actions: a text that workflows read as `secrets.NAME`.

API: PUT and DELETE …/secrets/{name}, GET …/secrets/public-key, GET …/secrets (100 a
page), each below /repos/{owner}/{repo}/actions, below an environment of it, or below
/orgs/{org}/actions; there also GET and PUT …/{name}/repositories. Immutable: the place
and the name, which is its identity; a new value is an update. Quirk: PUT is an upsert,
and the value is never told again (see `secret`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pulumi

from components.kernel import kind

from .base import GithubResource, InEnvironment
from .secret import SecretArgs, SecretKind, SecretState


class ActionsSecretArgs(InEnvironment, SecretArgs):
    """What a user writes for a secret; see `ActionsSecret`."""


class ActionsSecretState(ActionsSecretArgs, SecretState):
    """A secret as GitHub has it."""


@kind("github:ActionsSecret", key=("name",))
class ActionsSecretKind(SecretKind[ActionsSecretArgs, ActionsSecretState]):
    """The life cycle of a secret of Actions."""

    collection = "actions/secrets"


class ActionsSecret(GithubResource, kind=ActionsSecretKind):
    """A text that the workflows of GitHub Actions read as `secrets.NAME`.

    A secret of this name that is there already is taken over: GitHub tells nothing of
    it that could be compared.

    Args:
        resource_name: Its name in the program and in state.
        value: Any text of at most 48 KB, not empty. Kept encrypted in state; a change
            by others shows as a change of it.
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
        adopt: Take over an organization's secret that others may use.
        opts: Pulumi's resource options.

    See https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/use-secrets.
    """

    environment: pulumi.Output[str | None]
    organization: pulumi.Output[str | None]
    value: pulumi.Output[str]
    visibility: pulumi.Output[str | None]
    selected_repositories: pulumi.Output[list[str]]
    updated_at: pulumi.Output[str | None]

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
