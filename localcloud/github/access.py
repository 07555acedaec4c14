"""Guards: what a path is about, and whether the one who asks may.

The rules are GitHub's, as its clients meet them:

* nobody logged in: 401 where a login is needed;
* a repository that one can't see, or whose settings one has no role for while it is
  private: 404, so that its existence is not given away;
* the same on a public repository: 403 "Must have admin rights to Repository.";
* a role that would do, but a token without the permission: 403 "Resource not
  accessible by personal access token" (or "by integration").

Permission names are those of fine-grained tokens and of Apps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localcloud.github.call import Call
from localcloud.github.errors import (
    ForbiddenError,
    MovedError,
    NotFoundError,
    UnauthenticatedError,
)
from localcloud.github.roles import permit, role_of
from localcloud.github.store import accounts, repositories, teams
from localcloud.github.store.accounts import Account
from localcloud.github.store.repositories import ROLES, Repository
from localcloud.github.store.teams import Team


def nobody(call: Call) -> None:
    """Guard of operations that are open to all."""


def logged_in(call: Call) -> Account:
    """Guard of operations about the user who asks."""
    if call.actor.anonymous:
        raise UnauthenticatedError("Requires authentication")
    if call.actor.user is None:
        raise ForbiddenError("Resource not accessible by integration")
    return call.actor.user


def role_in(call: Call, repository: Repository) -> str | None:
    """The role in the repository of who asks; None if it is invisible to them."""
    return role_of(call.db, call.actor, repository)


def find_repository(call: Call) -> Repository:
    """The repository that the path names, if who asks can see it."""
    owner, name = call.params["owner"], call.params["repo"]
    found = repositories.by_name(call.db, owner, name)
    moved = None if found else repositories.by_former_name(call.db, owner, name)
    repository = found or moved
    if repository is None or role_in(call, repository) is None:
        raise NotFoundError
    if moved:
        rest = call.path.split("/", 4)[4:]
        target = "/".join([f"{call.urls.api}/repositories/{moved.id}", *rest])
        raise MovedError(target, keep_method=call.writes)
    return repository


@dataclass(frozen=True)
class RepositoryGuard:
    """Admits who has the role in the repository and the permission on the token.

    `write_role` is needed for requests that change something, `role` for others.
    """

    permission: str
    role: str = "pull"
    write_role: str = "admin"
    public: bool = False

    def __call__(self, call: Call) -> Repository:
        """The repository that the path names."""
        if call.actor.anonymous and not self.public:
            raise UnauthenticatedError("Requires authentication")
        repository = find_repository(call)
        needed = self.write_role if call.writes else self.role
        held = role_in(call, repository)
        if held is None or ROLES.index(held) < ROLES.index(needed):
            if repository.private:
                raise NotFoundError
            raise ForbiddenError("Must have admin rights to Repository.")
        permit(call.actor, self.permission, "write" if call.writes else "read")
        return repository


def find_organization(call: Call) -> Account:
    """The organization that the path names; organizations are visible to all."""
    found = accounts.by_login(call.db, call.params["org"])
    if found is None or found.type != "Organization":
        raise NotFoundError
    return found


@dataclass(frozen=True)
class OrganizationGuard:
    """Admits members (to read) or owners of the organization, with the permission."""

    permission: str
    read_role: Literal["member", "admin"] = "admin"
    write_role: Literal["member", "admin"] = "admin"

    def __call__(self, call: Call) -> Account:
        """The organization that the path names."""
        if call.actor.anonymous:
            raise UnauthenticatedError("Requires authentication")
        organization = find_organization(call)
        self._check_role(call, organization)
        permit(call.actor, self.permission, "write" if call.writes else "read")
        return organization

    def _check_role(self, call: Call, organization: Account) -> None:
        actor = call.actor
        if actor.installation and actor.installation.account_id == organization.id:
            return
        if actor.user is None:
            raise NotFoundError
        if actor.user.site_admin:
            return
        held = accounts.membership(call.db, organization.id, actor.user.id)
        if held is None:
            raise NotFoundError
        needed = self.write_role if call.writes else self.read_role
        if needed == "admin" and held != "admin":
            raise ForbiddenError("Must have admin rights to Organization.")


@dataclass(frozen=True)
class TeamGuard:
    """Admits as its organization's guard does, to a team that exists."""

    organization: OrganizationGuard

    def __call__(self, call: Call) -> Team:
        """The team that the path names."""
        organization = self.organization(call)
        team = teams.by_slug(call.db, organization.id, call.params["team_slug"])
        if team is None:
            raise NotFoundError
        return team
