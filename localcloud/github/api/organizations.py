"""Organizations and their members."""

from __future__ import annotations

from localcloud.github.access import OrganizationGuard, find_organization
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, repositories
from localcloud.github.store.accounts import Account
from localcloud.github.views.accounts import full_organization, simple_user

member = OrganizationGuard("members", read_role="member")


@router.route("GET", "/orgs/{org}", find_organization)
def get(call: Call, organization: Account) -> Reply:
    """The organization's profile."""
    owned = repositories.all_of(call.db, organization.id)
    public = sum(not repository.private for repository in owned)
    found = full_organization(organization, call.urls, public_repositories=public)
    return Reply(200, found)


@router.route("GET", "/orgs/{org}/members", member)
def members(call: Call, organization: Account) -> Reply:
    """Who belongs to the organization, or only those of one role."""
    role = call.query.get("role", "all")
    wanted = accounts.members(
        call.db, organization.id, None if role == "all" else _role(role)
    )
    found, headers = page_of(call, wanted)
    return Reply(200, [simple_user(account, call.urls) for account in found], headers)


def _role(text: str) -> accounts.MembershipRole:
    return "admin" if text == "admin" else "member"


@router.route("GET", "/orgs/{org}/members/{username}", member)
def check_member(call: Call, organization: Account) -> Reply:
    """204 when the user belongs to the organization."""
    user = accounts.by_login(call.db, call.params["username"])
    if user is None or not accounts.membership(call.db, organization.id, user.id):
        raise NotFoundError
    return Reply(204)


@router.route("GET", "/orgs/{org}/memberships/{username}", member)
def membership(call: Call, organization: Account) -> Reply:
    """The user's role in the organization."""
    user = accounts.by_login(call.db, call.params["username"])
    role = user and accounts.membership(call.db, organization.id, user.id)
    if user is None or role is None:
        raise NotFoundError
    api = f"{call.urls.api}/orgs/{organization.login}"
    found = {
        "url": f"{api}/memberships/{user.login}",
        "state": "active",
        "role": role,
        "organization_url": api,
        "organization": full_organization(
            organization, call.urls, public_repositories=0
        ),
        "user": simple_user(user, call.urls),
    }
    return Reply(200, found)
