"""The built-in roles of an account and of a workspace, and what they permit.

Names, permissions and scopes are those of Prefect Cloud (`GET /api/workspace_scopes`,
`GET /api/accounts/permissions`); the built-in roles have no account id. Which scope a
request needs is decided in `scopes.py`.
"""

from collections.abc import Iterable

from localcloud.prefect.account.store import Store

PERMISSIONS = tuple(
    f"{action}:{thing}"
    for thing, actions in {
        "account": "read update delete",
        "account_membership": "read update delete",
        "account_role": "create read update delete",
        "audit_event": "create read",
        "billing": "read update",
        "bot": "create read update delete",
        "integrations": "read update",
        "invitation": "create read update",
        "ip_allowlist": "read update",
        "sso": "administrate bypass read",
        "team": "create read update delete",
        "workspace": "administrate create read delete",
        "workspace_invitation": "create read update",
        "workspace_role": "create read update delete",
        "account_member": "add",
    }.items()
    for action in actions.split()
)
OWNER_ONLY = frozenset({"delete:account", "update:billing", "bypass:sso"})
MEMBER_PERMISSIONS = (
    "read:account",
    "read:account_membership",
    "read:account_role",
    "read:bot",
    "read:team",
    "read:workspace",
    "read:workspace_invitation",
    "read:workspace_role",
)
ACCOUNT_ROLES = {
    "Owner": PERMISSIONS,
    "Admin": tuple(p for p in PERMISSIONS if p not in OWNER_ONLY),
    "Member": MEMBER_PERMISSIONS,
}

# Each level includes those before it.
SCOPE_LEVELS = {
    "artifacts": "see write manage",
    "assets": "see write manage",
    "automations": "see manage",
    "blocks": "see manage",
    "concurrency_limits": "see manage",
    "deployments": "see run write manage",
    "events": "see manage",
    "flows": "see run manage",
    "incidents": "see write manage",
    "notifications": "see write manage",
    "tags": "see manage",
    "variables": "see write manage",
    "webhooks": "see manage",
    "work_pools": "see write manage",
    "work_queues": "see write manage",
    "workers": "see write manage",
    "workspace_service_accounts": "see manage",
    "workspace_settings": "see write manage",
    "workspace_users": "see manage",
}
# Scopes outside those ladders, and what includes each.
LONE_SCOPES = {
    "run_tasks": "run_flows",
    "see_secret_blocks": "manage_blocks",
    "manage_acls": None,
    "manage_saved_search": None,
    "manage_workspace_teams": None,
}


def included(scope: str) -> tuple[str, ...]:
    """Return the scopes that one scope includes, itself among them."""
    level, _, group = scope.partition("_")
    below = tuple(lone for lone, above in LONE_SCOPES.items() if above == scope)
    levels = SCOPE_LEVELS.get(group, "").split()
    if level not in levels:
        return (scope, *below)
    ladder = levels[: levels.index(level) + 1]
    if level == "manage":
        below += tuple(s for s, a in LONE_SCOPES.items() if a == f"run_{group}")
    return tuple(f"{step}_{group}" for step in ladder) + below


SCOPES = tuple(
    sorted(
        [
            f"{level}_{g}"
            for g, levels in SCOPE_LEVELS.items()
            for level in levels.split()
        ]
        + list(LONE_SCOPES)
    )
)


def expand(scopes: Iterable[str]) -> list[str]:
    """Return scopes and all that they include, sorted."""
    return sorted({each for scope in scopes for each in included(scope)})


VIEWER = tuple(f"see_{group}" for group in SCOPE_LEVELS)
RUNNER = (*VIEWER, "run_flows", "run_deployments", "manage_events", "write_artifacts")
WORKER = (*RUNNER, "see_secret_blocks", "write_work_pools", "write_workers")
DEVELOPER = (
    *WORKER,
    *(
        f"manage_{group}"
        for group in SCOPE_LEVELS
        if not group.startswith("workspace_") and group != "tags"
    ),
    "manage_saved_search",
)
WORKSPACE_ROLES = {
    "Owner": ("All scopes, and the workspace's own settings and members.", SCOPES),
    "Developer": ("Everything that flows need, but not who may do it.", DEVELOPER),
    "Runner": ("See everything, and run flows and deployments.", RUNNER),
    "Worker": ("What a worker needs to poll for runs and to execute them.", WORKER),
    "Viewer": ("See everything but secrets.", VIEWER),
}


def seed(store: Store) -> None:
    """Bring the built-in roles into the store, up to date."""
    with store.atomic():
        for name, permissions in ACCOUNT_ROLES.items():
            columns = {"permissions": list(permissions), "is_system_role": True}
            if held := store.find("account_roles", name=name, account_id=None):
                store.update("account_roles", held["id"], **columns)
            else:
                store.insert("account_roles", name=name, **columns)
        for name, (description, scopes) in WORKSPACE_ROLES.items():
            role = {"description": description, "scopes": expand(scopes)}
            if held := store.find("workspace_roles", name=name, account_id=None):
                store.update("workspace_roles", held["id"], **role)
            else:
                store.insert("workspace_roles", name=name, **role)
