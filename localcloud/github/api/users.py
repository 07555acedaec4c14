"""Users: the one who asks, others by login or id, and whose organizations."""

from __future__ import annotations

from localcloud.github.access import logged_in, nobody
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError
from localcloud.github.paging import page_of
from localcloud.github.roles import permit
from localcloud.github.store import accounts
from localcloud.github.store.accounts import Account
from localcloud.github.views.accounts import (
    private_user,
    public_user,
    simple_organization,
)


@router.route("GET", "/user", logged_in)
def myself(call: Call, user: Account) -> Reply:
    """The user whose token it is."""
    return Reply(200, private_user(user, call.urls))


@router.route("GET", "/user/orgs", logged_in)
def my_organizations(call: Call, user: Account) -> Reply:
    """The organizations that the user belongs to."""
    permit(call.actor, "members", "read")
    found, headers = page_of(call, accounts.organizations_of(call.db, user.id))
    listed = [simple_organization(account, call.urls) for account in found]
    return Reply(200, listed, headers)


@router.route("GET", "/user/{account_id}", nobody)
def by_id(call: Call, _: None) -> Reply:
    """A user or organization by id, which survives a change of login."""
    return _profile(call, accounts.by_id(call.db, call.id("account_id")))


@router.route("GET", "/users/{username}", nobody)
def by_login(call: Call, _: None) -> Reply:
    """A user or organization by login."""
    return _profile(call, accounts.by_login(call.db, call.params["username"]))


def _profile(call: Call, account: Account | None) -> Reply:
    if account is None:
        raise NotFoundError
    if call.actor.user and call.actor.user.id == account.id:
        return Reply(200, private_user(account, call.urls))
    return Reply(200, public_user(account, call.urls))
