"""Samples of secrets of GitHub Actions and of Dependabot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.github import put_secret
from tests.support.github_entries import collection, entry_sample

if TYPE_CHECKING:
    from tests.contract.sample import Object, Sample
    from tests.support.github_world import GithubWorld

REFUSED = "test_a_different_object_is_refused_and_left_alone"


def secret_sample(token: str, of: str, scope: str) -> Sample:
    """Describe a kind of secret in a place."""
    shared = scope == "organization"

    def drift(world: GithubWorld, live: Object) -> set[str]:
        world.github.advance_clock(1)  # to the second, which is all that GitHub tells
        more = {"visibility": "all"} if shared else {}
        with world.project.http() as http:
            path, name = collection(live, of), live.inputs["name"]
            answer = put_secret(http, path, name, "somebody else's", **more)
        assert answer.status_code == 204
        return {"value", *(("visibility", "selected_repositories") if more else ())}

    return entry_sample(
        token,
        of,
        scope,
        value=lambda world: world.canary,
        drift=drift,
        mutable={"value": {"value": "another value"}},
        secret=frozenset({"value"}),
        without={} if shared else {REFUSED: "GitHub tells nothing of it but its name"},
    )
