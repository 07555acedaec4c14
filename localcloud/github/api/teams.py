"""Teams of an organization."""

from __future__ import annotations

from typing import Any

from localcloud.github.access import OrganizationGuard, TeamGuard
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, repositories, teams
from localcloud.github.store.accounts import Account
from localcloud.github.store.teams import Team
from localcloud.github.views.teams import full_team, team

members = OrganizationGuard("members", read_role="member", write_role="member")
owners = OrganizationGuard("members", read_role="member", write_role="admin")
one = TeamGuard(owners)

_COLLECTION = "/orgs/{org}/teams"
_ONE = f"{_COLLECTION}/{{team_slug}}"


@router.route("GET", _COLLECTION, members)
def listed(call: Call, organization: Account) -> Reply:
    """The organization's teams."""
    page, headers = page_of(call, teams.all_of(call.db, organization.id))
    return Reply(200, [team(each, call.urls) for each in page], headers)


@router.route("POST", _COLLECTION, members)
def create(call: Call, organization: Account) -> Reply:
    """Create a team; a user who does is its maintainer."""
    fields = call.fields
    slug = teams.slug_of(fields["name"])
    if not slug:
        raise UnprocessableError.field("Team", "name", "invalid", "Name is invalid")
    if teams.by_slug(call.db, organization.id, slug):
        raise UnprocessableError.field(
            "Team", "name", "already_exists", "Name must be unique for this org"
        )
    made = teams.create(
        call.db,
        organization.id,
        fields["name"],
        description=fields.get("description"),
        privacy=fields.get("privacy", "secret"),
        notification_setting=fields.get(
            "notification_setting", "notifications_enabled"
        ),
        permission=fields.get("permission", "pull"),
    )
    for login in fields.get("maintainers", ()):
        teams.set_member(
            call.db, made, _member(call, organization, login).id, "maintainer"
        )
    for full_name in fields.get("repo_names", ()):
        _share(call, organization, made, full_name)
    creator = call.actor.user
    if creator and accounts.membership(call.db, organization.id, creator.id):
        teams.set_member(call.db, made, creator.id, "maintainer")
    return Reply(201, _full(call, made))


@router.route("GET", _ONE, one)
def get(call: Call, found: Team) -> Reply:
    """One team."""
    return Reply(200, _full(call, found))


@router.route("PATCH", _ONE, one)
def update(call: Call, found: Team) -> Reply:
    """Change a team; a new name brings a new slug."""
    if "name" in call.fields:
        slug = teams.slug_of(call.fields["name"])
        other = teams.by_slug(call.db, found.organization_id, slug)
        if not slug or (other and other.id != found.id):
            raise UnprocessableError.field(
                "Team", "name", "already_exists", "Name must be unique for this org"
            )
    columns = ("name", "description", "privacy", "notification_setting", "permission")
    changes = {name: call.fields[name] for name in columns if name in call.fields}
    return Reply(200, _full(call, teams.update(call.db, found, **changes)))


@router.route("DELETE", _ONE, one)
def delete(call: Call, found: Team) -> Reply:
    """Remove a team, also as a reviewer."""
    teams.delete(call.db, found)
    return Reply(204)


def _full(call: Call, found: Team) -> dict[str, Any]:
    organization = accounts.by_id(call.db, found.organization_id)
    if organization is None:
        raise NotFoundError
    return full_team(
        found,
        organization,
        call.urls,
        members=len(teams.members(call.db, found)),
        repositories=len(teams.repositories(call.db, found)),
    )


def _member(call: Call, organization: Account, login: str) -> Account:
    user = accounts.by_login(call.db, login)
    if user is None or not accounts.membership(call.db, organization.id, user.id):
        raise UnprocessableError(f"{login} is no member of the organization")
    return user


def _share(call: Call, organization: Account, made: Team, full_name: str) -> None:
    _, _, name = full_name.rpartition("/")
    repository = repositories.by_name(call.db, organization.login, name)
    if repository is None:
        raise UnprocessableError(f"{full_name} is no repository of the organization")
    teams.set_repository(call.db, made, repository.id, made.permission)
