"""The roles that members have of their own in a restricted environment.

API: EnvironmentGetRoles, EnvironmentRoleSet. A service user's are `ModalServiceUser`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.kernel import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.kernel import Wire

    from .client import ModalApi


def assigned(api: ModalApi, environment_id: str) -> dict[str, str]:
    """Return member → role, for those whom somebody has given one."""
    members = _members(api, environment_id)
    return {
        name: member["role_str"]
        for name, member in members.items()
        if member["has_role_assignment"]
    }


def assign(api: ModalApi, environment_id: str, wanted: Mapping[str, str]) -> None:
    """Give the members exactly these roles; whoever is not named has none.

    Raises:
        RefusedError: The workspace has no such member; nobody's role was changed.
    """
    members = _members(api, environment_id)
    if missing := sorted(wanted.keys() - members.keys()):
        raise RefusedError(
            f"the workspace has no member '{missing[0]}' to have a role; invite them "
            "first, or correct the name in member_roles"
        )
    for name, member in members.items():
        now = member["role_str"] if member["has_role_assignment"] else ""
        if (role := wanted.get(name, "")) != now:
            api.call(
                "EnvironmentRoleSet",
                environment_id=environment_id,
                user_id=member["user_id"],
                # The unspecified role takes one away.
                role_str=role,
            )


def _members(api: ModalApi, environment_id: str) -> dict[str, Wire]:
    told = api.call("EnvironmentGetRoles", environment_id=environment_id)
    return {one["user_name"]: one for one in told["principal_roles"] if one["user_id"]}
