"""The traps of a protected environment: its name, and who reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.support.github_world import GithubWorld

PROTECTED = "github:Environment"


def test_an_environment_in_another_case_is_not_overwritten(
    world: GithubWorld, unique: str
) -> None:
    """GitHub tells environments by their letters only, and its PUT is an upsert."""
    place = {"repository": world.project.repo}
    inputs = {**place, "name": unique, "wait_timer": 7}
    made = world.servicer.create(PROTECTED, inputs)
    with pytest.raises(CallError, match="differs in name"):
        world.another.create(PROTECTED, {**inputs, "name": unique.upper()})
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs["wait_timer"] == 7


def test_what_protects_an_environment_is_checked_at_preview(
    world: GithubWorld, unique: str
) -> None:
    """What GitHub answers with 422, or passes over, is said before anything is made."""
    inputs: dict[str, Any] = {
        "repository": world.project.repo,
        "name": unique,
        "prevent_self_review": True,
        "deploy_from": "protected",
        "branches": ["main"],
    }
    failures = world.servicer.check(PROTECTED, inputs).failures
    assert failures.keys() == {"prevent_self_review", "branches"}


def test_a_reviewer_that_is_not_there_is_named(world: GithubWorld, unique: str) -> None:
    """A misspelt login or team is one sentence with its name."""
    organization = world.project.organization
    for reviewer in ("nobody-of-that-name", f"{organization}/no-team"):
        inputs = {"repository": world.project.repo, "name": unique}
        with pytest.raises(CallError, match=f"'{reviewer}' to review"):
            world.servicer.create(PROTECTED, {**inputs, "reviewers": [reviewer]})


def test_a_removed_reviewer_shows_by_name(world: GithubWorld, unique: str) -> None:
    """One of two reviewers taken away behind our back is one property's drift."""
    login, _ = world.project.member()
    repository = world.project.repo
    world.github.admin("POST", "collaborators", repository=repository, user=login)
    inputs = {
        "repository": repository,
        "name": unique,
        "reviewers": [f"@{login.upper()}", world.project.owner],
        "prevent_self_review": True,
    }
    made = world.servicer.create(PROTECTED, inputs)
    left = world.call("GET", f"/users/{login}")["id"]
    body = {
        "reviewers": [{"type": "User", "id": left}],
        "prevent_self_review": True,
    }
    world.call("PUT", f"/repos/{repository}/environments/{unique}", body)
    live = world.servicer.read(made)
    assert live is not None
    assert world.servicer.diff(live, made.inputs) == (["reviewers"], [])
    assert live.inputs["reviewers"] == [login]
