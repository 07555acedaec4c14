"""What prod runs is a commit, a version's tag, or a release branch.

A deployment that pulls `main` changes with every push, without any plan or review.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.rule import NOT_IN_DEV, Rule, Thing
from policy.stack import Stack
from policy.values import parsed
from policy.wire import UNKNOWN, unsealed

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_VERSION: Final = re.compile(r"\D*\d+(\.\d+)*([-+.].*)?")
_RELEASE: Final = re.compile(r"(release|stable|prod|production)([/._-].+)?")


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield the clones of a deployment that follow a branch."""
    if thing.kind != "prefect:Deployment":
        return
    steps = parsed(unsealed(thing.inputs.get("pull_steps")))
    for step in steps if isinstance(steps, list) else ():
        for function, inputs in step.items() if isinstance(step, Mapping) else ():
            if "git_clone" in function and isinstance(inputs, Mapping):
                yield from _moving(thing.name, inputs)


def _moving(name: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    commit, branch = inputs.get("commit_sha"), inputs.get("branch")
    if UNKNOWN in (commit, branch) or _matches(_COMMIT, commit):
        return
    if _matches(_VERSION, branch) or _matches(_RELEASE, branch):
        return
    pulled = f"branch '{branch}'" if branch else "the default branch"
    yield (
        f"deployment '{name}' pulls {pulled} of {inputs.get('repository')}, so that "
        "every push changes what runs; set `commit`, or `tag` to a version, for it in "
        "the stack's flow_projects"
    )


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


RULE = Rule(
    name="pinned-code",
    description="Deployments pull code that only a change of theirs changes.",
    levels=NOT_IN_DEV,
    check=check,
)
