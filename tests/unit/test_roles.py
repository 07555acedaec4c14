"""Roles by name: asked for once, and again only for a name that is not known."""

from __future__ import annotations

import uuid
from typing import Any, cast

import pytest

from components.kernel import NotFoundError
from components.prefect.client import PrefectApi
from components.prefect.roles import role_id, role_name


class Account:
    """Counts how often its roles are listed."""

    def __init__(self) -> None:
        self.scope = uuid.uuid4().hex
        self.roles = {"Developer": uuid.uuid4()}
        self.asked = 0

    def pages(self, _: str) -> list[dict[str, Any]]:
        """Answer a filter call."""
        self.asked += 1
        return [{"name": name, "id": str(id_)} for name, id_ in self.roles.items()]


def test_roles_are_listed_once() -> None:
    """A refresh of any number of accesses costs one list of roles."""
    account = Account()
    api, developer = cast("PrefectApi", account), account.roles["Developer"]
    for _ in range(3):
        assert role_id(api, "workspace", "Developer") == developer
        assert role_name(api, "workspace", str(developer)) == "Developer"
    assert account.asked == 1


def test_a_role_that_is_not_known_is_asked_for_again() -> None:
    """A role made meanwhile is found; one that is not there names those that are."""
    account = Account()
    api = cast("PrefectApi", account)
    role_id(api, "workspace", "Developer")
    account.roles["Mine"] = mine = uuid.uuid4()
    assert role_id(api, "workspace", "Mine") == mine
    assert account.asked == 2
    with pytest.raises(NotFoundError, match="the roles are Developer, Mine"):
        role_id(api, "workspace", "Nobody")
