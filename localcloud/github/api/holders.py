"""Guards that find the collection a secrets or variables path is about."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.github.access import OrganizationGuard, RepositoryGuard
from localcloud.github.call import Call
from localcloud.github.errors import NotFoundError
from localcloud.github.store import entries, environments
from localcloud.github.store.entries import Entry, Holder, Kind


@dataclass(frozen=True)
class RepositoryHolder:
    """A repository's own collection: for those who may push."""

    kind: Kind
    permission: str

    def __call__(self, call: Call) -> Holder:
        """The collection, for one who may read or change it."""
        guard = RepositoryGuard(self.permission, role="push", write_role="push")
        return Holder(self.kind, "repository", guard(call).id)


@dataclass(frozen=True)
class EnvironmentHolder:
    """An environment's collection: for the repository's administrators."""

    kind: Kind

    def __call__(self, call: Call) -> Holder:
        """The collection, for one who may read or change it."""
        guard = RepositoryGuard("environments", role="push", write_role="admin")
        repository = guard(call)
        name = call.params["environment_name"]
        environment = environments.by_name(call.db, repository, name)
        if environment is None:
            raise NotFoundError
        return Holder(self.kind, "environment", environment.id)


@dataclass(frozen=True)
class OrganizationHolder:
    """An organization's collection: for its owners."""

    kind: Kind
    permission: str

    def __call__(self, call: Call) -> Holder:
        """The collection, for one who may read or change it."""
        organization = OrganizationGuard(self.permission)(call)
        return Holder(self.kind, "organization", organization.id)


HolderGuard = RepositoryHolder | EnvironmentHolder | OrganizationHolder

_REPO = "/repos/{owner}/{repo}"
_ENVIRONMENT = _REPO + "/environments/{environment_name}"
_SECRET, _DEPENDABOT = Kind.ACTIONS_SECRET, Kind.DEPENDABOT_SECRET
_VARIABLE = Kind.ACTIONS_VARIABLE

SECRETS: dict[str, HolderGuard] = {
    f"{_REPO}/actions/secrets": RepositoryHolder(_SECRET, "secrets"),
    f"{_REPO}/dependabot/secrets": RepositoryHolder(_DEPENDABOT, "dependabot_secrets"),
    f"{_ENVIRONMENT}/secrets": EnvironmentHolder(_SECRET),
    "/orgs/{org}/actions/secrets": OrganizationHolder(_SECRET, "organization_secrets"),
    "/orgs/{org}/dependabot/secrets": OrganizationHolder(
        _DEPENDABOT, "organization_dependabot_secrets"
    ),
}

VARIABLES: dict[str, HolderGuard] = {
    f"{_REPO}/actions/variables": RepositoryHolder(_VARIABLE, "actions_variables"),
    f"{_ENVIRONMENT}/variables": EnvironmentHolder(_VARIABLE),
    "/orgs/{org}/actions/variables": OrganizationHolder(
        _VARIABLE, "organization_actions_variables"
    ),
}


def find_entry(call: Call, holder: Holder) -> Entry:
    """The secret or variable that the path names, whatever its case."""
    name = call.params.get("secret_name") or call.params["name"]
    found = entries.get(call.db, holder, name.upper())
    if found is None:
        raise NotFoundError
    return found
