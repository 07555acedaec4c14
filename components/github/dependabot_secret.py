"""A secret of Dependabot: what its pull requests read private registries with.

API: PUT and DELETE …/secrets/{name}, GET …/secrets/public-key, GET …/secrets (100 a
page), each below /repos/{owner}/{repo}/dependabot or /orgs/{org}/dependabot; there also
GET and PUT …/{name}/repositories. Immutable: the place and the name, which is its
identity; a new value is an update. Quirk: workflows that Dependabot starts see these
secrets and none of Actions'.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import pulumi

from components.kernel import kind

from .base import GithubResource
from .secret import SecretArgs, SecretKind, SecretState


class DependabotSecretArgs(SecretArgs):
    """What a user writes for a secret; see `DependabotSecret`."""


class DependabotSecretState(DependabotSecretArgs, SecretState):
    """A secret as GitHub has it."""


@kind("github:DependabotSecret", key=("name",))
class DependabotSecretKind(SecretKind[DependabotSecretArgs, DependabotSecretState]):
    """The life cycle of a secret of Dependabot."""

    collection = "dependabot/secrets"


class DependabotSecret(GithubResource, kind=DependabotSecretKind):
    """A text that Dependabot, and the workflows it starts, read as `secrets.NAME`.

    A secret of this name that is there already is taken over: GitHub tells nothing of
    it that could be compared.

    Args:
        resource_name: Its name in the program and in state.
        value: Any text of at most 48 KB, not empty. Kept encrypted in state; a change
            by others shows as a change of it.
        name: Letters, digits and `_`, not beginning with a digit or `GITHUB_`; stored
            in upper case. The resource's name if not given. A change replaces it.
        repository: The repository `owner/name` it belongs to. A change replaces it.
        organization: The organization it belongs to, instead of a repository. A
            change replaces it.
        visibility: Which of the organization's repositories may use it: `all`,
            `private` or `selected`. `private` if not given, or `selected` if some are.
        selected_repositories: The names of those, with the visibility `selected`.
        adopt: Take over an organization's secret that others may use.
        opts: Pulumi's resource options.

    See https://docs.github.com/code-security/dependabot/working-with-dependabot/configuring-access-to-private-registries-for-dependabot.
    """

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
                "organization": organization,
                "visibility": visibility,
                "selected_repositories": selected_repositories,
                "adopt": adopt,
            },
            opts,
        )
