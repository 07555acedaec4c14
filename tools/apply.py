"""Apply the plan that was reviewed, and nothing else.

    python -m tools.apply prod

`pulumi up --plan` refuses whatever the plan has not. A plan made from another state
than today's is refused before that: its reviewers have not seen what it would do now.
"""

from __future__ import annotations

import argparse
import shutil
import sys

from components.kernel import ConfigurationError, told
from tools.plan import state_digest
from tools.plans.kept import PLAN, PLANS, facts_of
from tools.stack import ensure, run
from tools.surroundings import environment


def main() -> int:
    """Run the command and return `pulumi`'s exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    given, options = parser.parse_known_args()
    stack, folder = given.stack, PLANS / given.stack
    try:
        facts = facts_of(folder)
    except ConfigurationError as error:
        sys.exit(told(error))
    if facts.get("code") != 0 or not folder.joinpath(PLAN).exists():
        sys.exit(
            f"there is no plan of {stack} that could be applied; make one with "
            f"`make plan STACK={stack}`"
        )
    env = environment()
    ensure(stack, env)
    if state_digest(stack, env) != facts["state"]:
        sys.exit(
            f"the state of {stack} has moved since its plan was made; make and review "
            f"a new one with `make plan STACK={stack}`"
        )
    # Its preview was the plan, and what guardrails said of it has been seen.
    reviewed = ["--skip-preview", "--plan", str(folder / PLAN)]
    code = run("up", stack, [*reviewed, *options], env)
    # Applied or begun, it describes a state that is gone.
    shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
