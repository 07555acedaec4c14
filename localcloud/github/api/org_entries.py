"""Who may use an organization's secrets and variables.

An entry is visible to `all` repositories, to `private` ones, or to those `selected`,
whose list is kept by the operations under `…/{name}/repositories`.
"""

from __future__ import annotations

from localcloud.github.access import RepositoryGuard, role_in
from localcloud.github.api.holders import SECRETS, VARIABLES, find_entry
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import ConflictError, NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, entries, repositories
from localcloud.github.store.entries import Entry, Holder, Kind
from localcloud.github.store.repositories import Repository
from localcloud.github.views.entries import secret, variable
from localcloud.github.views.repositories import repository as shown_repository


def visibility_of(call: Call, holder: Holder, before: Entry | None) -> str | None:
    """The visibility that a write asks for, or the present one."""
    if holder.scope != "organization":
        return None
    asked = call.fields.get("visibility", before.visibility if before else None)
    if asked != "selected" and call.fields.get("selected_repository_ids"):
        raise UnprocessableError(
            "selected_repository_ids can only be given with the visibility selected"
        )
    return None if asked is None else str(asked)


def choose(call: Call, holder: Holder, entry: Entry) -> None:
    """Keep the selected repositories that a write names; none named changes none."""
    if holder.scope != "organization":
        return
    if entry.visibility != "selected":
        entries.select_repositories(call.db, entry, [])
    elif (asked := call.fields.get("selected_repository_ids")) is not None:
        chosen = [_owned(call, holder, text).id for text in asked]
        entries.select_repositories(call.db, entry, chosen)


def _owned(call: Call, holder: Holder, text: int | str) -> Repository:
    number = int(text) if str(text).isdecimal() and len(str(text)) <= 18 else 0
    found = repositories.by_id(call.db, number)
    if found is None or found.owner_id != holder.scope_id:
        raise UnprocessableError(f"Repository {text} is not of the organization")
    return found


def _selected(call: Call, holder: Holder) -> Entry:
    entry = find_entry(call, holder)
    if entry.visibility != "selected":
        raise ConflictError(
            f"{entry.name} has the visibility {entry.visibility}, not selected"
        )
    return entry


def listed(call: Call, holder: Holder) -> Reply:
    """The repositories that may use the entry."""
    entry = _selected(call, holder)
    found = entries.selected_repositories(call.db, entry)
    page, headers = page_of(call, found)
    owner = accounts.by_id(call.db, holder.scope_id)
    if owner is None:
        raise NotFoundError
    shown = [
        shown_repository(each, owner, role_in(call, each), call.urls) for each in page
    ]
    return Reply(200, {"total_count": len(found), "repositories": shown}, headers)


def replace(call: Call, holder: Holder) -> Reply:
    """Let exactly these repositories use the entry."""
    entry = _selected(call, holder)
    asked = call.fields["selected_repository_ids"]
    chosen = [_owned(call, holder, number).id for number in asked]
    entries.select_repositories(call.db, entry, chosen)
    return Reply(204)


def add(call: Call, holder: Holder) -> Reply:
    """Let one more repository use the entry."""
    entry = _selected(call, holder)
    chosen = _owned(call, holder, call.id("repository_id"))
    entries.select_repository(call.db, entry, chosen.id)
    return Reply(204)


def remove(call: Call, holder: Holder) -> Reply:
    """Let one repository less use the entry."""
    entry = _selected(call, holder)
    entries.unselect_repository(call.db, entry, call.id("repository_id"))
    return Reply(204)


for _collections, _name in ((SECRETS, "secret_name"), (VARIABLES, "name")):
    for _prefix, _guard in _collections.items():
        if _prefix.startswith("/orgs/"):
            _path = f"{_prefix}/{{{_name}}}/repositories"
            router.route("GET", _path, _guard)(listed)
            router.route("PUT", _path, _guard)(replace)
            router.route("PUT", f"{_path}/{{repository_id}}", _guard)(add)
            router.route("DELETE", f"{_path}/{{repository_id}}", _guard)(remove)


@router.route(
    "GET",
    "/repos/{owner}/{repo}/actions/organization-secrets",
    RepositoryGuard("secrets", role="push"),
)
def secrets_for(call: Call, repository: Repository) -> Reply:
    """The organization's secrets that this repository may use."""
    found = entries.shared_with(call.db, Kind.ACTIONS_SECRET, repository)
    page, headers = page_of(call, found)
    shown = [secret(entry, call.urls, None) for entry in page]
    return Reply(200, {"total_count": len(found), "secrets": shown}, headers)


@router.route(
    "GET",
    "/repos/{owner}/{repo}/actions/organization-variables",
    RepositoryGuard("actions_variables", role="push"),
)
def variables_for(call: Call, repository: Repository) -> Reply:
    """The organization's variables that this repository may use."""
    found = entries.shared_with(call.db, Kind.ACTIONS_VARIABLE, repository)
    page, headers = page_of(call, found, default=10, largest=30)
    shown = [variable(entry, call.urls, None) for entry in page]
    return Reply(200, {"total_count": len(found), "variables": shown}, headers)
