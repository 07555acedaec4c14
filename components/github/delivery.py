"""What a repository of flows needs of one environment, so that its workflow deploys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components.kernel import ConfigurationError, Lookup, resolve

from .actions_secret import ActionsSecret
from .actions_variable import ActionsVariable
from .dependabot_secret import DependabotSecret
from .entries import entries
from .environment import Environment
from .settings import Entry, GithubSettings

SETTINGS_PATH: Final = "github"
# What says from where may be deployed.
_SOURCES: Final = frozenset({"deploy_from", "branches", "tags"})


class GitHubDelivery(pulumi.ComponentResource):
    """An environment of a repository, with the variables and secrets of the stack.

    Attributes:
        environment: The environment.
        variables, secrets: What it holds, by name.
        shared_variables, shared_secrets, dependabot_secrets: What the repository has
        for all its environments, by name.
    """

    def __init__(
        self,
        resource_name: str,
        settings: GithubSettings,
        *,
        groups: Mapping[str, Lookup],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare what is delivered.

        Args:
            resource_name: Its name in the program and in state.
            settings: What is delivered, and where.
            groups: What the settings may refer to, by the word before the dot.
            protect: Follow the rules of tier `prod`: who reviews must be said, and the
                environment is not deleted. Without it a workflow that names it would
                make one that anybody may deploy to.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The settings refer to what the stack does not have, or
                do not say who reviews.
        """
        super().__init__("flowground:github:Delivery", resource_name, None, opts)
        self._groups = _Groups(groups)
        self._repository = settings.repository
        # A program may deliver to several repositories.
        self._named = resource_name
        self._child = pulumi.ResourceOptions(parent=self)
        held = entries(settings, self._has)
        self.environment = Environment(
            f"{resource_name}-environment",
            repository=settings.repository,
            **self._protection(settings, protect=protect),
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        inside = {"environment": self.environment.name}
        self.variables = self._each(
            ActionsVariable, "variables", held.variables, **inside
        )
        self.secrets = self._each(ActionsSecret, "secrets", held.secrets, **inside)
        shared = settings.shared
        self.shared_variables = self._each(
            ActionsVariable, "shared.variables", shared.variables
        )
        self.shared_secrets = self._each(
            ActionsSecret, "shared.secrets", shared.secrets
        )
        self.dependabot_secrets = self._each(
            DependabotSecret, "shared.dependabot", shared.dependabot
        )
        self.register_outputs({})

    def _has(self, group: str, name: str) -> bool:
        return self._groups[group](name) is not None

    def _protection(self, settings: GithubSettings, *, protect: bool) -> Entry:
        path = f"{SETTINGS_PATH}.environment"
        given: Entry = resolve(settings.environment, self._groups, path)
        if protect and "reviewers" not in given:
            raise ConfigurationError(
                f"{path}: says nothing of who reviews what is deployed to a prod "
                f"stack; set reviewers to logins or organization/team, or to [] where "
                f"your GitHub plan has no reviewers"
            )
        defaults: Entry = {"name": pulumi.get_stack()}
        if protect and not _SOURCES & given.keys():
            defaults["branches"] = [settings.workflow.branch]
        return defaults | given

    def _each(
        self,
        resource: type[Any],
        group: str,
        values: Mapping[str, str],
        **place: pulumi.Input[str],
    ) -> dict[str, Any]:
        """Make one resource for each entry of a group of the settings."""
        shared = group.rpartition(".")[0]
        prefix = f"{self._named}-{shared}" if shared else self._named
        return {
            name: resource(
                f"{prefix}-{name}",
                name=name,
                value=resolve(value, self._groups, f"{SETTINGS_PATH}.{group}.{name}"),
                repository=self._repository,
                **place,
                opts=self._child,
            )
            for name, value in values.items()
        }


class _Groups(dict[str, Lookup]):
    """Takes every `${group.name}` for a reference.

    What a text on GitHub is not to have is a reference that was left as it is, because
    a part of the stack that it means is not there.
    """

    def __contains__(self, group: object) -> bool:
        return isinstance(group, str)

    def __missing__(self, group: str) -> Lookup:
        return lambda name: None  # noqa: ARG005  # nothing, of whatever name
