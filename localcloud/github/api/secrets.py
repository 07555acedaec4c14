"""Secrets of Actions and of Dependabot, in every scope.

Values come sealed to the collection's public key and are never given back. Limits and
names: https://docs.github.com/actions/reference/security/secrets
"""

from __future__ import annotations

from localcloud.github.api.holders import SECRETS, find_entry
from localcloud.github.api.names import entry_name
from localcloud.github.api.org_entries import choose, visibility_of
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import entries, sealing
from localcloud.github.store.entries import Holder
from localcloud.github.views.entries import secret

LARGEST_VALUE_BYTES = 48 * 1024
# GitHub's words: integrations/terraform-provider-github#2315.
IMPROPERLY_ENCRYPTED = (
    "Bad request - validation failed due to an improperly encrypted secret"
)
MOST = {"repository": 100, "environment": 100, "organization": 1000}


def listed(call: Call, holder: Holder) -> Reply:
    """The names and dates of all secrets."""
    found = entries.all_of(call.db, holder)
    page, headers = page_of(call, found)
    shown = [secret(entry, call.urls, call.params.get("org")) for entry in page]
    return Reply(200, {"total_count": len(found), "secrets": shown}, headers)


def public_key(call: Call, holder: Holder) -> Reply:
    """The key to seal values to, and its id."""
    key = sealing.key_for(call.db, holder)
    return Reply(200, {"key_id": key.key_id, "key": key.public_key})


def get(call: Call, holder: Holder) -> Reply:
    """The name and dates of one secret."""
    return Reply(
        200, secret(find_entry(call, holder), call.urls, call.params.get("org"))
    )


def put(call: Call, holder: Holder) -> Reply:
    """Create (201) or replace (204) a secret."""
    name = entry_name("Secret", call.params["secret_name"])
    before = entries.get(call.db, holder, name)
    sealed = _opened(call, holder)
    visibility = visibility_of(call, holder, before)
    if before is None:
        _leave_room(call, holder)
    after = entries.put(call.db, holder, name, sealed, visibility)
    choose(call, holder, after)
    return Reply(204) if before else Reply(201, {})


def delete(call: Call, holder: Holder) -> Reply:
    """Remove a secret."""
    entries.delete(call.db, find_entry(call, holder))
    return Reply(204)


def _opened(call: Call, holder: Holder) -> str:
    sealed, key_id = call.fields.get("encrypted_value"), call.fields.get("key_id")
    for field, value in (("encrypted_value", sealed), ("key_id", key_id)):
        if value is None:
            raise UnprocessableError(f'Invalid request.\n\n"{field}" wasn\'t supplied.')
    key = sealing.key_for(call.db, holder)
    if key_id != key.key_id:
        raise UnprocessableError("Bad request - key_id is not that of the public key")
    plain = key.open(str(sealed))
    if plain is None:
        raise UnprocessableError(IMPROPERLY_ENCRYPTED)
    if len(plain) > LARGEST_VALUE_BYTES:
        raise UnprocessableError("Secret value must be at most 48 KB in size")
    return str(sealed)


def _leave_room(call: Call, holder: Holder) -> None:
    most = MOST[holder.scope]
    if len(entries.all_of(call.db, holder)) >= most:
        raise UnprocessableError(f"The {holder.scope} has reached its {most} secrets")


for _prefix, _guard in SECRETS.items():
    router.route("GET", _prefix, _guard)(listed)
    router.route("GET", f"{_prefix}/public-key", _guard)(public_key)
    router.route("GET", f"{_prefix}/{{secret_name}}", _guard)(get)
    router.route("PUT", f"{_prefix}/{{secret_name}}", _guard)(put)
    router.route("DELETE", f"{_prefix}/{{secret_name}}", _guard)(delete)
