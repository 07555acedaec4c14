"""The account as it is at first start: its roles, its owner and a default workspace."""

from collections.abc import Mapping

from localcloud.credentials import identifier
from localcloud.prefect.account import keys, roles
from localcloud.prefect.account.routes.workspaces import make
from localcloud.prefect.account.store import Store

HANDLE = "local"
SETTINGS = {
    "allow_public_workspaces": False,
    "ai_log_summaries": False,
    "managed_execution": True,
    "enforce_ip_allowlist": False,
    "enforce_webhook_authentication": False,
}


def bootstrap(store: Store, credentials: Mapping[str, str]) -> None:
    """Make what is missing; what is there stays as users changed it.

    Args:
        store: The account's state.
        credentials: `prefect_account_id`, `prefect_workspace_id`, `prefect_api_key`.
    """
    roles.seed(store)
    account_id = credentials["prefect_account_id"]
    with store.atomic():
        if store.find("accounts", id=account_id):
            return
        account = store.insert(
            "accounts",
            id=account_id,
            name="Local",
            handle=HANDLE,
            settings=SETTINGS,
            domain_names=[],
        )
        owner = store.insert(
            "users",
            actor_id=identifier(),
            handle="owner",
            first_name="Local",
            last_name="Owner",
            email="owner@localhost",
        )
        (role,) = store.all("account_roles", name="Owner", account_id=None)
        store.insert(
            "account_memberships",
            account_id=account["id"],
            user_id=owner["id"],
            account_role_id=role["id"],
        )
        keys.issue(
            store,
            "first key",
            None,
            user_id=owner["id"],
            secret=credentials["prefect_api_key"],
        )
        make(
            store,
            account["id"],
            id=credentials["prefect_workspace_id"],
            name="Default",
            handle="default",
            description="",
        )
