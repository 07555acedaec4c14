"""Environments and their protection on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

from localcloud.github.store.accounts import Account
from localcloud.github.store.apps import App
from localcloud.github.store.environments import BranchPolicy, CustomRule, Environment
from localcloud.github.store.repositories import Repository
from localcloud.github.store.teams import Team
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.teams import team
from localcloud.github.views.urls import Urls, node_id


class Rule(NamedTuple):
    """A built-in protection rule's type and the number that makes its id unique."""

    type: Literal["wait_timer", "required_reviewers", "branch_policy"]
    offset: int


WAIT, REVIEW, BRANCHES = (
    Rule("wait_timer", 0),
    Rule("required_reviewers", 1),
    Rule("branch_policy", 2),
)


def environment(
    found: Environment,
    repository: Repository,
    reviewers: Sequence[Account | Team],
    urls: Urls,
) -> dict[str, Any]:
    """An environment with its rules; a rule that rules nothing is left out."""
    web = f"{urls.web}/{repository.full_name}/deployments/activity_log"
    return {
        "id": found.id,
        "node_id": node_id("Environment", found.id),
        "name": found.name,
        "url": urls.environment(repository.full_name, found.name),
        "html_url": f"{web}?{urlencode({'environments_filter': found.name})}",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "can_admins_bypass": found.can_admins_bypass,
        "protection_rules": _rules(found, reviewers, urls),
        "deployment_branch_policy": found.branch_policy
        and {
            "protected_branches": found.branch_policy == "protected",
            "custom_branch_policies": found.branch_policy == "custom",
        },
    }


def _rules(
    found: Environment, reviewers: Sequence[Account | Team], urls: Urls
) -> list[dict[str, Any]]:
    rules = []
    if found.wait_timer:
        rules.append(_rule(found, WAIT) | {"wait_timer": found.wait_timer})
    if reviewers:
        listed = [
            {"type": "Team", "reviewer": team(reviewer, urls)}
            if isinstance(reviewer, Team)
            else {"type": "User", "reviewer": simple_user(reviewer, urls)}
            for reviewer in reviewers
        ]
        rules.append(
            _rule(found, REVIEW)
            | {"prevent_self_review": found.prevent_self_review, "reviewers": listed}
        )
    if found.branch_policy:
        rules.append(_rule(found, BRANCHES))
    return rules


def _rule(found: Environment, rule: Rule) -> dict[str, Any]:
    number = found.id * 10 + rule.offset
    return {"id": number, "node_id": node_id("Gate", number), "type": rule.type}


def branch_policy(policy: BranchPolicy) -> dict[str, Any]:
    """A pattern of branches or tags."""
    return {
        "id": policy.id,
        "node_id": node_id("GateBranchPolicy", policy.id),
        "name": policy.name,
        "type": policy.type,
    }


def custom_rule(rule: CustomRule, app: App, urls: Urls) -> dict[str, Any]:
    """An App's say in deployments."""
    return {
        "id": rule.id,
        "node_id": node_id("Gate", rule.id),
        "enabled": True,
        "app": rule_app(app, urls),
    }


def rule_app(app: App, urls: Urls) -> dict[str, Any]:
    """An App that can guard an environment."""
    return {
        "id": app.id,
        "slug": app.slug,
        "integration_url": f"{urls.api}/apps/{app.slug}",
        "node_id": node_id("App", app.id),
    }
