"""The roles of an account, by name: users know them so, the API by id.

API: POST /account_roles/filter, POST /workspace_roles/filter. The built-in roles
belong to no account; an account's own may be made at any time, so a name that is not
known yet is asked for again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from components.kernel import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .client import PrefectApi

_known: Final[dict[tuple[str, str], dict[str, UUID]]] = {}
_asking = threading.Lock()


def role_id(
    account: PrefectApi, of: Literal["account", "workspace"], name: str
) -> UUID:
    """Return the id of a role.

    Args:
        account: The account.
        of: Whose roles: a member's in the account, or an accessor's in a workspace.
        name: Its name, as Prefect shows it: `Developer`.

    Raises:
        NotFoundError: There is none of that name.
    """
    for known in _lists(account, of):
        if name in known:
            return known[name]
    raise NotFoundError(
        f"there is no {of} role '{name}'; the roles are {', '.join(sorted(known))}"
    )


def role_name(
    account: PrefectApi, of: Literal["account", "workspace"], id_: str
) -> str:
    """Return the name of a role, or its id where it has been deleted since."""
    for known in _lists(account, of):
        for name, role in known.items():
            if role == UUID(id_):
                return name
    return id_


def forget(account: PrefectApi, of: Literal["account", "workspace"]) -> None:
    """Have the next question about the roles answered by the account itself."""
    with _asking:
        _known.pop((account.scope, of), None)


def _lists(account: PrefectApi, of: str) -> Iterator[dict[str, UUID]]:
    """Yield the roles as they are known, and only then as they are now."""
    yield _roles(account, of)
    yield _roles(account, of, anew=True)


def _roles(account: PrefectApi, of: str, *, anew: bool = False) -> dict[str, UUID]:
    place = (account.scope, of)
    with _asking:
        if anew or place not in _known:
            listed = account.pages(f"/{of}_roles/filter")
            _known[place] = {role["name"]: UUID(role["id"]) for role in listed}
        return _known[place]
