"""An environment of a GitHub repository."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.contract.sample import Sample
from tests.support.github_entries import github

if TYPE_CHECKING:
    from tests.contract.sample import Object, Properties, World

TEAM = "releasers"


def _inputs(world: World, name: str) -> Properties:
    project = github(world).project
    team = f"/orgs/{project.organization}/teams/{TEAM}"
    if world.call("GET", team) is None:
        world.call("POST", f"/orgs/{project.organization}/teams", {"name": TEAM})
        world.call("PUT", f"{team}/repos/{project.repo}", {"permission": "pull"})
    return {
        "repository": project.repo,
        "name": f"{name}/eu 1",
        "reviewers": [f"{project.organization}/{TEAM}", project.owner],
        "prevent_self_review": True,
        "wait_timer": 30,
        "admins_bypass": False,
        "deploy_from": "selected",
        "branches": ["release/*", "main"],
        "tags": ["v*"],
    }


def _path(live: Object) -> str:
    name = quote(live.inputs["name"], safe="")
    return f"/repos/{live.inputs['repository']}/environments/{name}"


def _drift(world: World, live: Object) -> set[str]:
    """Take the reviewers away and let all deploy, as one does on the settings page."""
    world.call("PUT", _path(live), {"wait_timer": 5, "can_admins_bypass": False})
    return {
        *("reviewers", "prevent_self_review", "wait_timer"),
        *("deploy_from", "branches", "tags"),
    }


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", _path(live))


def _exists(world: World, live: Object) -> int:
    return int(world.call("GET", _path(live)) is not None)


SAMPLE = Sample(
    token="github:Environment",
    inputs=_inputs,
    mutable={
        "patterns": {"branches": ["main", "hotfix/*"], "tags": []},
        "nobody reviews": {"reviewers": [], "prevent_self_review": False},
        "protected": {"deploy_from": "protected", "branches": []},
        "all": {"deploy_from": "all", "wait_timer": 0, "admins_bypass": True},
        "selected again": {"deploy_from": "selected", "tags": ["v*"]},
    },
    unset=("prevent_self_review", "wait_timer", "admins_bypass", "branches", "tags"),
    immutable={"name": "another", "repository": "a/b"},
    invalid={
        "name": {"name": "quo`ted"},
        "repository": {"repository": "no owner"},
        "reviewers": {"reviewers": list("abcdefg")},
        "wait_timer": {"wait_timer": 43_201},
        "deploy_from": {"deploy_from": "some"},
        "branches[0]": {"branches": [1]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"wait_timer": 1},
)
