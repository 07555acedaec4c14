"""Samples of what has a name and a value: the same in each of its places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.github_world import ENVIRONMENT, GithubWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[GithubWorld, Object], set[str]]


def github(world: World) -> GithubWorld:
    """Return the world as what it is."""
    assert isinstance(world, GithubWorld)
    return world


def place(world: World, scope: str) -> Properties:
    """Return the inputs that say where an object lives."""
    project = github(world).project
    match scope:
        case "repository":
            return {"repository": project.repo}
        case "environment":
            return {"repository": project.repo, "environment": ENVIRONMENT}
        case _:
            return {"organization": project.organization}


def collection(live: Object, of: str) -> str:
    """Return the path of all objects beside this one.

    Args:
        live: The object.
        of: `actions/variables`, for instance.
    """
    where = live.inputs
    if "organization" in where:
        return f"/orgs/{where['organization']}/{of}"
    if "environment" in where:
        environment = quote(where["environment"], safe="")
        of = of.removeprefix("actions/")
        return f"/repos/{where['repository']}/environments/{environment}/{of}"
    return f"/repos/{where['repository']}/{of}"


def entry_sample(
    token: str,
    of: str,
    scope: str,
    *,
    value: Callable[[World], str],
    drift: Change,
    mutable: Mapping[str, Properties],
    **rest: Any,
) -> Sample:
    """Describe one kind of secret or variable in one sort of place."""
    shared = scope == "organization"

    def inputs(world: World, name: str) -> Properties:
        entry = {
            **place(world, scope),
            "name": name.upper().replace("-", "_"),
            "value": value(world),
        }
        if shared:
            entry |= {"visibility": "selected", "selected_repositories": ["flows"]}
        return entry

    def path(live: Object) -> str:
        return f"{collection(live, of)}/{live.inputs['name']}"

    def remove(world: World, live: Object) -> None:
        world.call("DELETE", path(live))

    def exists(world: World, live: Object) -> int:
        return int(world.call("GET", path(live)) is not None)

    visible = {
        "selected": {"selected_repositories": ["flows", "other"]},
        "visibility": {"visibility": "private", "selected_repositories": []},
        "selected again": {
            "visibility": "selected",
            "selected_repositories": ["other"],
        },
    }
    moved = {
        "repository": {"name": "ANOTHER", "repository": "a/b", "environment": "c"},
        "environment": {"name": "ANOTHER", "repository": "a/b", "environment": "c"},
        "organization": {"name": "ANOTHER", "organization": "another"},
    }[scope]
    if of.startswith("dependabot"):
        moved.pop("environment", None)
    return Sample(
        token=token,
        inputs=inputs,
        mutable={**mutable, **(visible if shared else {})},
        unset=("selected_repositories",) if shared else (),
        immutable=moved,
        invalid={
            "name": {"name": "GITHUB_IS_RESERVED"},
            "value": {"value": "ü" * (24 * 1024 + 1)},
            "repository": {"repository": "no owner"},
            "organization": {"organization": "not/one"},
            "visibility": {"visibility": "some"},
            "selected_repositories[0]": {"selected_repositories": [1]},
        },
        drift=lambda world, live: drift(github(world), live),
        remove=remove,
        exists=exists,
        **{
            "different": {"visibility": "all", "selected_repositories": []}
            if shared
            else {"value": "2"},
            **rest,
        },
    )
