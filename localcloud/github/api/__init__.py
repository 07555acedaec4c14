"""The operations served, a module for each family; importing this registers them."""

from localcloud.github.api import (
    apps,
    branch_policies,
    environments,
    issues,
    meta,
    org_entries,
    organizations,
    protection_rules,
    repositories,
    secrets,
    team_access,
    teams,
    users,
    variables,
)
from localcloud.github.api.router import router

__all__ = [
    "apps",
    "branch_policies",
    "environments",
    "issues",
    "meta",
    "org_entries",
    "organizations",
    "protection_rules",
    "repositories",
    "router",
    "secrets",
    "team_access",
    "teams",
    "users",
    "variables",
]
