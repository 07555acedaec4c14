"""Keep exactly one comment on a pull request up to date.

    python -m tools.comment 12 [comment.md]

The comment is found again by its first line, a marker that nobody sees.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from github import GithubException

from tools.forge import Forge
from tools.surroundings import HOME

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT: Final = HOME / "comment.md"


def keep(forge: Forge, number: int, body: str) -> str:
    """Make the body the pull request's one comment of its marker.

    Returns:
        What was done: `created`, `updated` or `kept`, as it said the same already.
    """
    thread = forge.repository.get_issue(number)
    marker = body.splitlines()[0]
    ours = [
        comment
        for comment in thread.get_comments()
        if comment.user.login == forge.author and comment.body.startswith(marker)
    ]
    # Two jobs at once may both have found none.
    for spare in ours[1:]:
        _still_there(spare.delete)
    if not ours:
        thread.create_comment(body)
        return "created"
    if _same(ours[0].body, body):
        return "kept"
    if _still_there(partial(ours[0].edit, body)):
        return "updated"
    thread.create_comment(body)
    return "created"


def _still_there(write: Callable[[], None]) -> bool:
    """Write to a comment; False if somebody has deleted it since it was listed."""
    try:
        write()
    except GithubException as error:
        if error.status != 404:
            raise
        return False
    return True


def _same(old: str, new: str) -> bool:
    """Compare as GitHub keeps it, which may end lines otherwise."""
    return [*old.strip().splitlines()] == [*new.strip().splitlines()]


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("number", type=int, help="the pull request's number")
    parser.add_argument("file", type=Path, nargs="?", default=DEFAULT)
    given = parser.parse_args()
    if not given.file.exists():
        sys.exit(f"there is no {given.file}; `make plan-comment` writes it")
    forge = Forge.of_environment()
    try:
        done = keep(forge, given.number, given.file.read_text(encoding="utf-8"))
    except GithubException as error:
        sys.exit(
            f"the comment on #{given.number} could not be written "
            f"({error.status}: {error.message}); the job needs the permission "
            "`pull-requests: write`"
        )
    print(f"comment on #{given.number}: {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
