"""Variables of Actions, in every scope.

Limits and names: https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

from localcloud.github.api.holders import VARIABLES, find_entry
from localcloud.github.api.names import entry_name
from localcloud.github.api.org_entries import choose, visibility_of
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import ConflictError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import entries
from localcloud.github.store.entries import Holder
from localcloud.github.views.entries import variable

LARGEST_VALUE_BYTES = 48 * 1024
MOST = {"repository": 500, "environment": 100, "organization": 1000}


def listed(call: Call, holder: Holder) -> Reply:
    """All variables with their values; a page is 10, and 30 at most."""
    found = entries.all_of(call.db, holder)
    page, headers = page_of(call, found, default=10, largest=30)
    shown = [variable(entry, call.urls, call.params.get("org")) for entry in page]
    return Reply(200, {"total_count": len(found), "variables": shown}, headers)


def get(call: Call, holder: Holder) -> Reply:
    """One variable with its value."""
    return Reply(
        200, variable(find_entry(call, holder), call.urls, call.params.get("org"))
    )


def create(call: Call, holder: Holder) -> Reply:
    """Create a variable under a name that is free."""
    name = _free(call, holder, call.fields["name"])
    most = MOST[holder.scope]
    if len(entries.all_of(call.db, holder)) >= most:
        raise UnprocessableError(f"The {holder.scope} has reached its {most} variables")
    visibility = visibility_of(call, holder, None)
    value = _value(call.fields["value"])
    choose(call, holder, entries.put(call.db, holder, name, value, visibility))
    return Reply(201, {})


def update(call: Call, holder: Holder) -> Reply:
    """Change a variable's value, name or visibility; absent members stay."""
    before = find_entry(call, holder)
    name = entry_name("Variable", call.fields.get("name", before.name))
    if name != before.name:
        _free(call, holder, name)
    entries.change(
        call.db,
        before,
        name=name,
        value=_value(call.fields.get("value", before.value)),
        visibility=visibility_of(call, holder, before),
    )
    after = entries.get(call.db, holder, name)
    if after is not None:
        choose(call, holder, after)
    return Reply(204)


def delete(call: Call, holder: Holder) -> Reply:
    """Remove a variable."""
    entries.delete(call.db, find_entry(call, holder))
    return Reply(204)


def _free(call: Call, holder: Holder, text: str) -> str:
    name = entry_name("Variable", text)
    if entries.get(call.db, holder, name):
        raise ConflictError("Already exists - Variable already exists")
    return name


def _value(text: str) -> str:
    if len(text.encode()) > LARGEST_VALUE_BYTES:
        raise UnprocessableError("Variable value must be at most 48 KB in size")
    return text


for _prefix, _guard in VARIABLES.items():
    router.route("GET", _prefix, _guard)(listed)
    router.route("POST", _prefix, _guard)(create)
    router.route("GET", f"{_prefix}/{{name}}", _guard)(get)
    router.route("PATCH", f"{_prefix}/{{name}}", _guard)(update)
    router.route("DELETE", f"{_prefix}/{{name}}", _guard)(delete)
