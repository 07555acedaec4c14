"""An environment of a repository: who may deploy to it, from where, and how soon.

API: PUT, GET and DELETE /repos/{owner}/{repo}/environments/{name}, GET …/environments
(100 a page), and below each: GET and POST …/deployment-branch-policies, DELETE
…/deployment-branch-policies/{id}. Immutable: the repository and the name. Quirks: PUT
is an upsert that resets what it leaves out; a rule that rules nothing is not shown, and
`prevent_self_review` is part of the reviewers' rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    Immutable,
    Location,
    Names,
    RefusedError,
    Wire,
    differing,
    kind,
)

from .base import (
    EnvironmentName,
    GithubKind,
    GithubResource,
    RepositoryArgs,
    path_of,
)
from .client import GithubApi, part

MOST_REVIEWERS: Final = 6
LONGEST_WAIT_MINUTES: Final = 43_200
_POLICIES: Final = "deployment-branch-policies"
# Deployments from: the two flags of the API that say so.
_MODES: Final[dict[str, Wire | None]] = {
    "all": None,
    "protected": {"protected_branches": True, "custom_branch_policies": False},
    "selected": {"protected_branches": False, "custom_branch_policies": True},
}


def _folded(names: frozenset[str]) -> frozenset[str]:
    folded = frozenset(name.removeprefix("@").lower() for name in names)
    if len(folded) > MOST_REVIEWERS:
        raise ValueError(
            f"are {len(folded)}; GitHub takes at most {MOST_REVIEWERS}: name a team"
        )
    return folded


class EnvironmentArgs(RepositoryArgs):
    """What a user writes for an environment; see `Environment`."""

    name: Annotated[EnvironmentName, Immutable]
    reviewers: Annotated[Names, AfterValidator(_folded)] = frozenset()
    prevent_self_review: bool = False
    wait_timer: Annotated[int, Field(ge=0, le=LONGEST_WAIT_MINUTES)] = 0
    admins_bypass: bool = True
    deploy_from: Literal["all", "protected", "selected"] = "all"
    branches: Names = frozenset()
    tags: Names = frozenset()

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take patterns for saying that only they may deploy."""
        if given.get("branches") or given.get("tags"):
            return {"deploy_from": "selected"}
        return {}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield what GitHub would refuse, or pass over in silence."""
        if known.get("prevent_self_review") and not known.get("reviewers", True):
            yield (
                ("prevent_self_review",),
                "needs somebody else to review; set reviewers, or remove it",
            )
        for patterns in ("branches", "tags"):
            if known.get(patterns) and known.get("deploy_from") in {"all", "protected"}:
                yield (
                    (patterns,),
                    "are only looked at where deploy_from is 'selected'; set it so",
                )


class EnvironmentState(EnvironmentArgs):
    """An environment as GitHub has it; its id is its path."""

    id: str


def to_wire(args: EnvironmentArgs, reviewers: Iterable[Wire]) -> Wire:
    """Write all that protects an environment, but its patterns, as PUT takes it."""
    return {
        "wait_timer": args.wait_timer,
        "prevent_self_review": args.prevent_self_review,
        "can_admins_bypass": args.admins_bypass,
        "reviewers": [*reviewers] or None,
        "deployment_branch_policy": _MODES[args.deploy_from],
    }


def from_wire(repository: str | None, wire: Wire) -> EnvironmentState:
    """Read an environment, completed by its patterns; a rule not there is off."""
    rules = {rule["type"]: rule for rule in wire["protection_rules"]}
    review = rules.get("required_reviewers", {})
    mode = wire.get("deployment_branch_policy")
    patterns: dict[str, set[str]] = {"branch": set(), "tag": set()}
    for policy in wire.get("branch_policies", ()):
        patterns[policy.get("type") or "branch"].add(policy["name"])
    owner = str(repository).partition("/")[0]
    return EnvironmentState(
        repository=str(repository),
        id=path_of(f"/repos/{repository}/environments", wire["name"]),
        name=wire["name"],
        reviewers=frozenset(_named(owner, one) for one in review.get("reviewers", ())),
        prevent_self_review=review.get("prevent_self_review", False),
        wait_timer=rules.get("wait_timer", {}).get("wait_timer", 0),
        admins_bypass=wire.get("can_admins_bypass", True),
        deploy_from=next(
            m for m in ("all", "protected", "selected") if _MODES[m] == mode
        ),
        branches=frozenset(patterns["branch"]),
        tags=frozenset(patterns["tag"]),
    )


def _named(owner: str, wire: Wire) -> str:
    reviewer = wire["reviewer"]
    if wire["type"] == "Team":
        return f"{owner}/{reviewer['slug']}"
    return str(reviewer["login"])


@kind("github:Environment", key=("name",))
class EnvironmentKind(GithubKind[EnvironmentArgs, EnvironmentState]):
    """The life cycle of an environment."""

    def list(self, api: GithubApi) -> Iterable[Wire]:
        """Yield every environment of the repository, with its patterns."""
        collection = f"{api.place.path}/environments"
        for wire in api.pages(collection, "environments"):
            yield {**_whole(api, wire), "id": path_of(collection, wire["name"])}

    def parse(self, api: GithubApi, wire: Wire) -> EnvironmentState:
        """Project one environment on its canonical state."""
        return from_wire(api.place.repository, wire)

    def find(
        self, api: GithubApi, args: EnvironmentArgs, listed: EnvironmentState | None
    ) -> EnvironmentState | None:
        """Ask again, in any case: to create is to overwrite what is there by then."""
        if listed is not None:
            return listed
        seen = api.look(path_of(f"{api.place.path}/environments", args.name))
        return None if seen is None else self.parse(api, _whole(api, seen.body))

    def create(self, api: GithubApi, args: EnvironmentArgs) -> EnvironmentState:
        """Make the environment, then its patterns."""
        path = path_of(f"{api.place.path}/environments", args.name)
        _protect(api, path, args)
        _allow(api, path, args)
        return EnvironmentState(**{**dict(args), "id": path})

    def update(
        self, api: GithubApi, old: EnvironmentState, new: EnvironmentArgs
    ) -> EnvironmentState:
        """Write the whole protection if any of it changed, and the changed patterns."""
        if set(differing(old, new)) - {"branches", "tags"}:
            _protect(api, old.id, new)
        _allow(api, old.id, new)
        return EnvironmentState(**{**dict(new), "id": old.id})

    def delete(self, api: GithubApi, state: EnvironmentState) -> None:
        """Delete the environment, and with it its secrets and variables."""
        api.delete(state.id)


def _whole(api: GithubApi, wire: Wire) -> Wire:
    """Complete an environment by its patterns, which need a call of their own."""
    if wire.get("deployment_branch_policy") != _MODES["selected"]:
        return wire
    path = path_of(f"{api.place.path}/environments", wire["name"])
    policies = api.pages(f"{path}/{_POLICIES}", "branch_policies")
    return {**wire, "branch_policies": [*policies]}


def _protect(api: GithubApi, path: str, args: EnvironmentArgs) -> None:
    reviewers = [_reviewer(api, name) for name in sorted(args.reviewers)]
    api.put(path, to_wire(args, reviewers))


def _allow(api: GithubApi, path: str, args: EnvironmentArgs) -> None:
    """Make the patterns those that are wanted; a mode without them has none."""
    if args.deploy_from != "selected":
        return
    wanted = {
        *(("branch", name) for name in args.branches),
        *(("tag", name) for name in args.tags),
    }
    there = {
        (policy.get("type") or "branch", policy["name"]): policy["id"]
        for policy in api.pages(f"{path}/{_POLICIES}", "branch_policies")
    }
    for sort, name in sorted(wanted - there.keys()):
        api.post(f"{path}/{_POLICIES}", {"name": name, "type": sort})
    for pattern in sorted(there.keys() - wanted):
        api.delete(f"{path}/{_POLICIES}/{there[pattern]}")


def _reviewer(api: GithubApi, name: str) -> Wire:
    """Find a user or a team, which the API knows by number.

    Raises:
        RefusedError: There is none of that name.
    """
    organization, slash, slug = name.partition("/")
    path = (
        f"/orgs/{part(organization)}/teams/{part(slug)}"
        if slash
        else f"/users/{part(name)}"
    )
    found = api.look(path)
    if found is None:
        sort = "team" if slash else "user"
        raise RefusedError(
            f"GitHub shows no {sort} '{name}' to review; correct the name, or let the "
            f"credential read the organization's members"
        )
    return {"type": "Team" if slash else "User", "id": found.body["id"]}


class Environment(GithubResource, kind=EnvironmentKind):
    """What a workflow's job deploys to: its protection, its secrets and variables.

    Args:
        resource_name: Its name in the program and in state.
        repository: The repository `owner/name` it belongs to. A change replaces it.
        name: At most 255 characters, slashes allowed. The resource's name if not
            given. A change replaces it.
        reviewers: Of whom one must approve each deployment: logins, and teams as
            `organization/slug`; at most six.
        prevent_self_review: Whether who started a deployment may not approve it.
        wait_timer: For how many minutes each deployment waits; at most 43,200.
        admins_bypass: Whether the repository's administrators may pass over all this.
        deploy_from: `all` branches and tags, `protected` branches only, or `selected`
            ones. `selected` if not given and some are, else `all`.
        branches: The patterns of branch names that may deploy, such as `release/*`.
        tags: The patterns of tag names that may deploy.
        adopt: Take over an environment of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments.
    """

    reviewers: pulumi.Output[list[str]]
    prevent_self_review: pulumi.Output[bool]
    wait_timer: pulumi.Output[int]
    admins_bypass: pulumi.Output[bool]
    deploy_from: pulumi.Output[str]
    branches: pulumi.Output[list[str]]
    tags: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        repository: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        reviewers: pulumi.Input[Collection[str]] = (),
        prevent_self_review: pulumi.Input[bool] = False,
        wait_timer: pulumi.Input[int] = 0,
        admins_bypass: pulumi.Input[bool] = True,
        deploy_from: pulumi.Input[Literal["all", "protected", "selected"]]
        | None = None,
        branches: pulumi.Input[Collection[str]] = (),
        tags: pulumi.Input[Collection[str]] = (),
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "repository": repository,
                "name": name if name is not None else resource_name,
                "reviewers": reviewers,
                "prevent_self_review": prevent_self_review,
                "wait_timer": wait_timer,
                "admins_bypass": admins_bypass,
                "deploy_from": deploy_from,
                "branches": branches,
                "tags": tags,
                "adopt": adopt,
            },
            opts,
        )
