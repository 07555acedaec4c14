"""Repositories: one, those of an owner, and who may do what in them."""

from __future__ import annotations

from typing import Any

from localcloud.github.access import (
    OrganizationGuard,
    RepositoryGuard,
    find_organization,
    logged_in,
    nobody,
    role_in,
)
from localcloud.github.api.names import repository_name
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.formats import is_uri
from localcloud.github.git import bare
from localcloud.github.paging import page_of
from localcloud.github.roles import permit
from localcloud.github.store import accounts, repositories
from localcloud.github.store.accounts import Account
from localcloud.github.store.repositories import Repository
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.repositories import (
    full_repository,
    permissions,
    repository,
)

_ONE = "/repos/{owner}/{repo}"
visible = RepositoryGuard("metadata", public=True)
administered = RepositoryGuard("administration")
# GitHub's names of roles where it does not use those of `permissions`.
ROLE_NAMES = {"pull": "read", "push": "write"}


@router.route("GET", _ONE, visible)
def get(call: Call, found: Repository) -> Reply:
    """One repository."""
    return Reply(200, _full(call, found))


@router.route("PATCH", _ONE, administered)
def update(call: Call, found: Repository) -> Reply:
    """Change a repository; a new name leaves the old one as a redirect."""
    fields = call.fields
    columns = ("description", "archived", "default_branch")
    changes = {name: fields[name] for name in columns if name in fields}
    if "homepage" in fields:
        changes["homepage"] = _homepage(fields)
    if "private" in fields or "visibility" in fields:
        changes["private"] = _private(fields)
    if "name" in fields:
        changes["name"] = _free(
            call, found.owner_login, fields["name"], present=found.id
        )
    if "default_branch" in fields and not bare.has_branch(
        call.git_root, found, fields["default_branch"]
    ):
        raise UnprocessableError(
            f"The branch {fields['default_branch']} was not found. Please push that "
            "ref first or create it via the Git Data API."
        )
    changed = repositories.update(call.db, found, **changes)
    if "default_branch" in fields:
        bare.set_head(call.git_root, changed)
    return Reply(200, _full(call, changed))


@router.route("DELETE", _ONE, administered)
def delete(call: Call, found: Repository) -> Reply:
    """Remove a repository with everything in it."""
    repositories.delete(call.db, found)
    bare.remove(call.git_root, found)
    return Reply(204)


@router.route("GET", f"{_ONE}/collaborators/{{username}}/permission", visible)
def permission_of(call: Call, found: Repository) -> Reply:
    """The strongest role that a user has in the repository, by whatever path."""
    user = accounts.by_login(call.db, call.params["username"])
    if user is None or user.type != "User":
        raise NotFoundError
    role = repositories.role_of(call.db, found, user)
    role = role or (None if found.private else "pull")
    name = ROLE_NAMES.get(role, role) if role else "none"
    coarse = {"triage": "read", "maintain": "write"}.get(name, name)
    shown = simple_user(user, call.urls) | {
        "permissions": permissions(role),
        "role_name": name,
    }
    return Reply(200, {"permission": coarse, "role_name": name, "user": shown})


@router.route("GET", "/orgs/{org}/repos", find_organization)
def of_organization(call: Call, organization: Account) -> Reply:
    """The organization's repositories that one can see."""
    return _listed(call, repositories.all_of(call.db, organization.id))


@router.route("POST", "/orgs/{org}/repos", OrganizationGuard("administration"))
def create_in_organization(call: Call, organization: Account) -> Reply:
    """Create a repository in an organization."""
    return _create(call, organization)


@router.route("GET", "/user/repos", logged_in)
def mine(call: Call, user: Account) -> Reply:
    """The repositories in which the user has a role of their own."""
    found = [
        each
        for each in repositories.everything(call.db)
        if repositories.role_of(call.db, each, user)
    ]
    return _listed(call, found)


@router.route("POST", "/user/repos", logged_in)
def create_mine(call: Call, user: Account) -> Reply:
    """Create a repository of the user's own."""
    permit(call.actor, "administration", "write")
    return _create(call, user)


@router.route("GET", "/users/{username}/repos", nobody)
def of_user(call: Call, _: None) -> Reply:
    """A user's public repositories."""
    user = accounts.by_login(call.db, call.params["username"])
    if user is None:
        raise NotFoundError
    owned = repositories.all_of(call.db, user.id)
    return _listed(call, [each for each in owned if not each.private])


def _listed(call: Call, candidates: list[Repository]) -> Reply:
    found = [each for each in candidates if role_in(call, each)]
    page, headers = page_of(call, found)
    shown = [
        repository(each, owner_of(call, each), role_in(call, each), call.urls)
        for each in page
    ]
    return Reply(200, shown, headers)


def owner_of(call: Call, found: Repository) -> Account:
    """The account that the repository belongs to."""
    owner = accounts.by_id(call.db, found.owner_id)
    if owner is None:
        raise NotFoundError
    return owner


def _full(call: Call, found: Repository) -> dict[str, Any]:
    role = role_in(call, found)
    return full_repository(found, owner_of(call, found), role, call.urls)


def _create(call: Call, owner: Account) -> Reply:
    fields = call.fields
    made = repositories.create(
        call.db,
        owner,
        _free(call, owner.login, fields["name"]),
        private=_private(fields),
        description=fields.get("description"),
        homepage=_homepage(fields),
    )
    if fields.get("auto_init"):
        bare.first_commit(call.git_root, made, call.db.now())
    shown = _full(call, made)
    return Reply(201, shown, {"Location": shown["url"]})


def _private(fields: dict[str, Any]) -> bool:
    if "visibility" in fields:
        return bool(fields["visibility"] != "public")
    return bool(fields.get("private"))


def _homepage(fields: dict[str, Any]) -> str | None:
    text = fields.get("homepage") or None
    if not is_uri(text):
        raise UnprocessableError.field(
            "Repository", "homepage", "custom", "homepage is not a valid URL"
        )
    return text


def _free(call: Call, owner: str, text: str, *, present: int | None = None) -> str:
    name = repository_name(text)
    other = repositories.by_name(call.db, owner, name)
    if other and other.id != present:
        raise UnprocessableError.field(
            "Repository", "name", "custom", "name already exists on this account"
        )
    return name
