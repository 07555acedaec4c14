"""The patterns of branches and tags that may deploy to an environment."""

from __future__ import annotations

from typing import Any

from localcloud.github.api.environments import Located, located
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.paging import page_of
from localcloud.github.store import environments
from localcloud.github.store.environments import BranchPolicy
from localcloud.github.views.environments import branch_policy

_COLLECTION = (
    "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies"
)
_ONE = f"{_COLLECTION}/{{branch_policy_id}}"


@router.route("GET", _COLLECTION, located)
def listed(call: Call, found: Located) -> Reply:
    """All patterns of the environment."""
    policies = environments.branch_policies(call.db, found.environment)
    page, headers = page_of(call, policies)
    body = {
        "total_count": len(policies),
        "branch_policies": [branch_policy(policy) for policy in page],
    }
    return Reply(200, body, headers)


@router.route("POST", _COLLECTION, located)
def create(call: Call, found: Located) -> Reply:
    """Add a pattern: 200, or 303 if the environment has it already."""
    if found.environment.branch_policy != "custom":
        raise NotFoundError
    name = _pattern(call.fields)
    kind = call.fields.get("type") or "branch"
    for policy in environments.branch_policies(call.db, found.environment):
        if (policy.name, policy.type) == (name, kind):
            return Reply(303, headers={"Location": f"{_url(call)}/{policy.id}"})
    number = environments.add_branch_policy(call.db, found.environment, name, kind)
    return Reply(200, branch_policy(_policy(call, found, number)))


@router.route("GET", _ONE, located)
def get(call: Call, found: Located) -> Reply:
    """One pattern."""
    return Reply(200, branch_policy(_policy(call, found, call.id("branch_policy_id"))))


@router.route("PUT", _ONE, located)
def update(call: Call, found: Located) -> Reply:
    """Give a pattern another text."""
    policy = _policy(call, found, call.id("branch_policy_id"))
    name = _pattern(call.fields)
    for other in environments.branch_policies(call.db, found.environment):
        same = (other.name, other.type) == (name, policy.type)
        if same and other.id != policy.id:
            raise UnprocessableError(f"The environment already has the pattern {name}")
    environments.rename_branch_policy(call.db, policy, name)
    return Reply(200, branch_policy(_policy(call, found, policy.id)))


@router.route("DELETE", _ONE, located)
def delete(call: Call, found: Located) -> Reply:
    """Remove a pattern."""
    policy = _policy(call, found, call.id("branch_policy_id"))
    environments.delete_branch_policy(call.db, policy)
    return Reply(204)


def _policy(call: Call, found: Located, number: int) -> BranchPolicy:
    policy = environments.branch_policy(call.db, found.environment, number)
    if policy is None:
        raise NotFoundError
    return policy


def _pattern(fields: dict[str, Any]) -> str:
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise UnprocessableError('Invalid request.\n\n"name" wasn\'t supplied.')
    return name


def _url(call: Call) -> str:
    return call.urls.api + call.path
