"""Who is in a team, and what the team may do in which repository."""

from __future__ import annotations

from typing import Any

from localcloud.github.access import OrganizationGuard, TeamGuard, role_in
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, repositories, teams
from localcloud.github.store.accounts import Account
from localcloud.github.store.repositories import ROLES, Repository
from localcloud.github.store.teams import Team, TeamRole
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.repositories import repository as shown_repository

one = TeamGuard(OrganizationGuard("members", read_role="member"))

_ONE = "/orgs/{org}/teams/{team_slug}"
_MEMBERSHIP = f"{_ONE}/memberships/{{username}}"
_REPOSITORY = f"{_ONE}/repos/{{owner}}/{{repo}}"


@router.route("GET", f"{_ONE}/members", one)
def members(call: Call, team: Team) -> Reply:
    """The team's members, or only those of one role."""
    role = call.query.get("role", "all")
    wanted = teams.members(call.db, team, None if role == "all" else _role(role))
    page, headers = page_of(call, wanted)
    return Reply(200, [simple_user(user, call.urls) for user in page], headers)


@router.route("GET", _MEMBERSHIP, one)
def membership(call: Call, team: Team) -> Reply:
    """The user's role in the team."""
    user = _user(call)
    role = teams.role_in(call.db, team, user.id)
    if role is None:
        raise NotFoundError
    return Reply(200, _membership(call, user, role))


@router.route("PUT", _MEMBERSHIP, one)
def add_member(call: Call, team: Team) -> Reply:
    """Put a member of the organization into the team, or change the role."""
    user = _user(call)
    if not accounts.membership(call.db, team.organization_id, user.id):
        raise UnprocessableError(f"{user.login} is no member of the organization")
    role = _role(call.fields.get("role", "member"))
    teams.set_member(call.db, team, user.id, role)
    return Reply(200, _membership(call, user, role))


@router.route("DELETE", _MEMBERSHIP, one)
def remove_member(call: Call, team: Team) -> Reply:
    """Take the user out of the team."""
    user = _user(call)
    if teams.role_in(call.db, team, user.id) is None:
        raise NotFoundError
    teams.remove_member(call.db, team, user.id)
    return Reply(204)


@router.route("GET", f"{_ONE}/repos", one)
def shared(call: Call, team: Team) -> Reply:
    """The repositories in which the team has a role."""
    owner = accounts.by_id(call.db, team.organization_id)
    if owner is None:
        raise NotFoundError
    page, headers = page_of(call, teams.repositories(call.db, team))
    shown = [
        shown_repository(each, owner, role_in(call, each), call.urls) for each in page
    ]
    return Reply(200, shown, headers)


@router.route("PUT", _REPOSITORY, one)
def share(call: Call, team: Team) -> Reply:
    """Give the team a role in a repository of its organization."""
    permission = call.fields.get("permission", team.permission)
    if permission not in ROLES:
        raise UnprocessableError(f"permission must be one of {', '.join(ROLES)}")
    repository = _repository(call, team)
    teams.set_repository(call.db, team, repository.id, permission)
    return Reply(204)


@router.route("DELETE", _REPOSITORY, one)
def unshare(call: Call, team: Team) -> Reply:
    """Take the team's role in a repository away."""
    teams.remove_repository(call.db, team, _repository(call, team).id)
    return Reply(204)


def _role(text: str) -> TeamRole:
    return "maintainer" if text == "maintainer" else "member"


def _user(call: Call) -> Account:
    user = accounts.by_login(call.db, call.params["username"])
    if user is None or user.type != "User":
        raise NotFoundError
    return user


def _repository(call: Call, team: Team) -> Repository:
    owner, name = call.params["owner"], call.params["repo"]
    found = repositories.by_name(call.db, owner, name)
    if found is None:
        raise NotFoundError
    if found.owner_id != team.organization_id:
        raise UnprocessableError(f"{found.full_name} is not of the team's organization")
    return found


def _membership(call: Call, user: Account, role: TeamRole) -> dict[str, Any]:
    base = f"{call.urls.api}/orgs/{call.params['org']}/teams/{call.params['team_slug']}"
    url = f"{base}/memberships/{user.login}"
    return {"url": url, "role": role, "state": "active"}
