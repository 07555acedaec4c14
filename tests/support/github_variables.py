"""Samples of variables of GitHub Actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.github_entries import collection, entry_sample

if TYPE_CHECKING:
    from tests.contract.sample import Object, Sample
    from tests.support.github_world import GithubWorld

OF = "actions/variables"


def _drift(world: GithubWorld, live: Object) -> set[str]:
    body = {"value": "somebody else's"}
    if "organization" not in live.inputs:
        world.call("PATCH", f"{collection(live, OF)}/{live.inputs['name']}", body)
        return {"value"}
    more = {"visibility": "all"}
    world.call("PATCH", f"{collection(live, OF)}/{live.inputs['name']}", body | more)
    return {"value", "visibility", "selected_repositories"}


def variable_sample(scope: str) -> Sample:
    """Describe a variable in a place."""
    return entry_sample(
        "github:ActionsVariable",
        OF,
        scope,
        value=lambda _: "http://127.0.0.1:4200/api",
        drift=_drift,
        mutable={"value": {"value": ' "1"\n'}},
    )
