"""The GitHub that a workflow runs on, by the variables that every job has.

`GITHUB_API_URL` (an Enterprise server's own, or the local GitHub's),
`GITHUB_REPOSITORY`, and the job's own token as `JOB_TOKEN`: `GITHUB_TOKEN` is what the
stack delivers with, where that is another.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from github import Auth, Github, GithubException

if TYPE_CHECKING:
    from github.Repository import Repository

# Whom GitHub names as the author of what a workflow's own token writes.
_ACTIONS: Final = "github-actions[bot]"


class Forge:
    """One repository, as one author.

    Attributes:
        repository: The repository, which costs no request by itself.
        author: The login under which this token writes. Only what that login wrote is
            ever changed: anybody can write a comment that holds our marker.
    """

    def __init__(self, url: str, repository: str, token: str) -> None:
        self._github = Github(
            auth=Auth.Token(token),
            base_url=url,
            per_page=100,
            lazy=True,
            # A handful of requests in all needs no pacing.
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self.repository: Repository = self._github.get_repo(repository)
        self.author = self._login()

    @classmethod
    def of_environment(cls) -> Forge:
        """Return the GitHub of the job.

        Raises:
            SystemExit: A variable is missing.
        """
        token = os.environ.get("JOB_TOKEN") or os.environ.get("GITHUB_TOKEN")
        repository = os.environ.get("GITHUB_REPOSITORY")
        if not token or not repository:
            sys.exit(
                "GITHUB_REPOSITORY and JOB_TOKEN must say where to write; in a job "
                "they are `github.repository` and `github.token`"
            )
        url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        return cls(url, repository, token)

    def _login(self) -> str:
        try:
            return self._github.get_user().login
        except GithubException as error:
            # A workflow's token is an App installation's, which is no user.
            if error.status == 403:
                return os.environ.get("GITHUB_COMMENT_AUTHOR", _ACTIONS)
            raise
