"""Deployment environments and the protection set with them.

A PUT is the complete protection: what it leaves out goes back to the default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.github.access import RepositoryGuard
from localcloud.github.api.names import environment_name
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, environments, repositories, teams
from localcloud.github.store.accounts import Account
from localcloud.github.store.environments import (
    BranchPolicyMode,
    Environment,
    Protection,
    Reviewer,
)
from localcloud.github.store.repositories import Repository
from localcloud.github.store.teams import Team
from localcloud.github.views.environments import environment as shown_environment

MOST_REVIEWERS = 6
# GitHub's words: github-community-projects/safe-settings#628.
NOBODY_TO_REVIEW = (
    "Failed to create or update the environment protection rule. Required reviewers "
    "must have at least one reviewer to set prevent_self_review."
)
LONGEST_WAIT_MINUTES = 43_200  # 30 days

_COLLECTION = "/repos/{owner}/{repo}/environments"
_ONE = f"{_COLLECTION}/{{environment_name}}"
readers = RepositoryGuard("actions", role="pull")
administrators = RepositoryGuard("administration", role="pull")


@dataclass(frozen=True)
class Located:
    """An environment and the repository it is in."""

    repository: Repository
    environment: Environment


@dataclass(frozen=True)
class EnvironmentGuard:
    """Admits as its repository's guards do, to an environment that exists."""

    def __call__(self, call: Call) -> Located:
        """The environment that the path names."""
        repository = (administrators if call.writes else readers)(call)
        name = call.params["environment_name"]
        found = environments.by_name(call.db, repository, name)
        if found is None:
            raise NotFoundError
        return Located(repository, found)


located = EnvironmentGuard()


@router.route("GET", _COLLECTION, readers)
def listed(call: Call, repository: Repository) -> Reply:
    """All environments of the repository."""
    found = environments.all_of(call.db, repository)
    page, headers = page_of(call, found)
    shown = [_shown(call, Located(repository, each)) for each in page]
    return Reply(200, {"total_count": len(found), "environments": shown}, headers)


@router.route("GET", _ONE, located)
def get(call: Call, found: Located) -> Reply:
    """One environment with its protection."""
    return Reply(200, _shown(call, found))


@router.route("PUT", _ONE, administrators)
def put(call: Call, repository: Repository) -> Reply:
    """Create the environment, or replace its whole protection."""
    name = environment_name(call.params["environment_name"])
    before = environments.by_name(call.db, repository, name)
    reviewers = _reviewers(call, repository)
    if call.fields.get("prevent_self_review") and not reviewers:
        raise UnprocessableError(NOBODY_TO_REVIEW)
    protection = Protection(
        wait_timer=_wait_timer(call.fields.get("wait_timer") or 0),
        prevent_self_review=bool(call.fields.get("prevent_self_review")),
        can_admins_bypass=bool(
            call.fields.get(
                "can_admins_bypass", before.can_admins_bypass if before else True
            )
        ),
        branch_policy=_branch_policy(call.fields.get("deployment_branch_policy")),
        reviewers=reviewers,
    )
    written = environments.put(call.db, repository, name, protection)
    return Reply(200, _shown(call, Located(repository, written)))


@router.route("DELETE", _ONE, located)
def delete(call: Call, found: Located) -> Reply:
    """Remove the environment with its secrets and variables."""
    environments.delete(call.db, found.environment)
    return Reply(204)


def _shown(call: Call, found: Located) -> dict[str, Any]:
    reviewers = [
        reviewer
        for each in environments.reviewers(call.db, found.environment)
        if (reviewer := _reviewer(call, each))
    ]
    return shown_environment(found.environment, found.repository, reviewers, call.urls)


def _reviewer(call: Call, reviewer: Reviewer) -> Account | Team | None:
    find = teams.by_id if reviewer.type == "Team" else accounts.by_id
    return find(call.db, reviewer.reviewer_id)


def _wait_timer(minutes: int) -> int:
    if not 0 <= minutes <= LONGEST_WAIT_MINUTES:
        raise UnprocessableError(
            f"wait_timer must be between 0 and {LONGEST_WAIT_MINUTES} minutes"
        )
    return minutes


def _branch_policy(asked: dict[str, bool] | None) -> BranchPolicyMode | None:
    if asked is None:
        return None
    if asked["protected_branches"] == asked["custom_branch_policies"]:
        raise UnprocessableError(
            "protected_branches and custom_branch_policies cannot have the same value"
        )
    return "protected" if asked["protected_branches"] else "custom"


def _reviewers(call: Call, repository: Repository) -> list[Reviewer]:
    asked = call.fields.get("reviewers") or []
    wanted = []
    for each in asked:
        if not each.keys() >= {"type", "id"}:
            raise UnprocessableError("A reviewer needs a type and an id")
        reviewer = Reviewer(type=each["type"], reviewer_id=each["id"])
        if not _may_review(call, repository, reviewer):
            raise UnprocessableError(
                f"Reviewer {reviewer.type} {reviewer.reviewer_id} does not exist or "
                "has no read access to the repository"
            )
        if reviewer not in wanted:
            wanted.append(reviewer)
    if len(wanted) > MOST_REVIEWERS:
        raise UnprocessableError(f"At most {MOST_REVIEWERS} reviewers are allowed")
    return wanted


def _may_review(call: Call, repository: Repository, reviewer: Reviewer) -> bool:
    found = _reviewer(call, reviewer)
    if isinstance(found, Team):
        if found.organization_id != repository.owner_id:
            return False
        shared = teams.repositories(call.db, found)
        return not repository.private or repository in shared
    if found is None or found.type != "User":
        return False
    role = repositories.role_of(call.db, repository, found)
    return role is not None or not repository.private
