"""Deployment environments and what protects them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from localcloud.github.store.database import Database, Record
from localcloud.github.store.repositories import Repository

BranchPolicyMode = Literal["protected", "custom"]


class Environment(Record):
    """An environment; `branch_policy` None lets every branch deploy."""

    id: int
    repository_id: int
    name: str
    wait_timer: int
    prevent_self_review: bool
    can_admins_bypass: bool
    branch_policy: BranchPolicyMode | None
    created_at: str
    updated_at: str


class Reviewer(Record):
    """A user or team that must approve a deployment."""

    type: Literal["User", "Team"]
    reviewer_id: int


class BranchPolicy(Record):
    """A pattern of branches or tags that may deploy."""

    id: int
    name: str
    type: Literal["branch", "tag"]


class CustomRule(Record):
    """A GitHub App that has a say in deployments."""

    id: int
    app_id: int


class Protection(NamedTuple):
    """The complete protection that a PUT sets."""

    wait_timer: int
    prevent_self_review: bool
    can_admins_bypass: bool
    branch_policy: BranchPolicyMode | None
    reviewers: list[Reviewer]


def all_of(db: Database, repository: Repository) -> list[Environment]:
    """The repository's environments, oldest first."""
    return db.rows(
        Environment,
        "SELECT * FROM environments WHERE repository_id = ? ORDER BY id",
        repository.id,
    )


def by_name(db: Database, repository: Repository, name: str) -> Environment | None:
    """The repository's environment of that name, whatever its case."""
    return db.row(
        Environment,
        "SELECT * FROM environments WHERE repository_id = ? AND name = ?",
        repository.id,
        name,
    )


def put(
    db: Database, repository: Repository, name: str, protection: Protection
) -> Environment:
    """Create the environment or replace its whole protection."""
    now = db.now()
    db.run(
        "INSERT INTO environments (repository_id, name, wait_timer, "
        "prevent_self_review, can_admins_bypass, branch_policy, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (repository_id, name) DO UPDATE SET "
        "wait_timer = excluded.wait_timer, "
        "prevent_self_review = excluded.prevent_self_review, "
        "can_admins_bypass = excluded.can_admins_bypass, "
        "branch_policy = excluded.branch_policy, updated_at = excluded.updated_at",
        repository.id,
        name,
        protection.wait_timer,
        protection.prevent_self_review,
        protection.can_admins_bypass,
        protection.branch_policy,
        now,
        now,
    )
    written = by_name(db, repository, name)
    if written is None:
        raise LookupError(f"no environment {name}")
    _set_reviewers(db, written, protection.reviewers)
    if protection.branch_policy != "custom":
        db.run("DELETE FROM branch_policies WHERE environment_id = ?", written.id)
    return written


def _set_reviewers(
    db: Database, environment: Environment, wanted: list[Reviewer]
) -> None:
    db.run("DELETE FROM environment_reviewers WHERE environment_id = ?", environment.id)
    for position, reviewer in enumerate(wanted):
        db.run(
            "INSERT INTO environment_reviewers VALUES (?, ?, ?, ?)",
            environment.id,
            position,
            reviewer.type,
            reviewer.reviewer_id,
        )


def delete(db: Database, environment: Environment) -> None:
    """Remove the environment with its secrets and variables."""
    db.run("DELETE FROM environments WHERE id = ?", environment.id)


def reviewers(db: Database, environment: Environment) -> list[Reviewer]:
    """Who must approve, in the order given."""
    return db.rows(
        Reviewer,
        "SELECT * FROM environment_reviewers WHERE environment_id = ? "
        "ORDER BY position",
        environment.id,
    )


def branch_policies(db: Database, environment: Environment) -> list[BranchPolicy]:
    """The environment's patterns, oldest first."""
    return db.rows(
        BranchPolicy,
        "SELECT * FROM branch_policies WHERE environment_id = ? ORDER BY id",
        environment.id,
    )


def branch_policy(
    db: Database, environment: Environment, policy_id: int
) -> BranchPolicy | None:
    """The environment's pattern of that id."""
    return db.row(
        BranchPolicy,
        "SELECT * FROM branch_policies WHERE environment_id = ? AND id = ?",
        environment.id,
        policy_id,
    )


def add_branch_policy(
    db: Database, environment: Environment, name: str, pattern_type: str
) -> int:
    """Add a pattern that the environment does not have, and return its id."""
    return db.insert(
        "INSERT INTO branch_policies (environment_id, name, type) VALUES (?, ?, ?)",
        environment.id,
        name,
        pattern_type,
    )


def rename_branch_policy(db: Database, policy: BranchPolicy, name: str) -> None:
    """Give the pattern another text."""
    db.run("UPDATE branch_policies SET name = ? WHERE id = ?", name, policy.id)


def delete_branch_policy(db: Database, policy: BranchPolicy) -> None:
    """Remove the pattern."""
    db.run("DELETE FROM branch_policies WHERE id = ?", policy.id)


def custom_rules(db: Database, environment: Environment) -> list[CustomRule]:
    """The Apps that guard the environment, oldest first."""
    return db.rows(
        CustomRule,
        "SELECT * FROM custom_rules WHERE environment_id = ? ORDER BY id",
        environment.id,
    )


def add_custom_rule(db: Database, environment: Environment, app_id: int) -> int:
    """Let an App guard the environment, and return the rule's id."""
    return db.insert(
        "INSERT INTO custom_rules (environment_id, app_id) VALUES (?, ?)",
        environment.id,
        app_id,
    )


def delete_custom_rule(db: Database, rule: CustomRule) -> None:
    """End the App's guard."""
    db.run("DELETE FROM custom_rules WHERE id = ?", rule.id)
