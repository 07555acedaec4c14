"""A GitHub organization as the contract suite sees it, and its real local GitHub."""

from __future__ import annotations

import contextlib
import copy
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from components.github.place import Place
from components.kernel.registry import kind_of
from tests.support.github import LocalGithub, Project
from tests.support.proxy import Proxy
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# With a slash, which must be quoted wherever it stands in a path.
ENVIRONMENT = "prod/eu"


class GithubWorld(World):
    """An organization with a repository and an environment, seen through a proxy.

    Attributes:
        place: Nowhere yet: a sample says in which of these its object lives.
    """

    def __init__(self, project: Project, proxy: Proxy) -> None:
        env = {"GITHUB_API_URL": proxy.url, "GITHUB_TOKEN": project.token}
        super().__init__(env, proxy, {})
        self.project = project
        self.github = project.github
        self.call("PUT", self.environment_path, {})
        self.call("POST", f"/orgs/{project.organization}/repos", {"name": "other"})

    @property
    def environment_path(self) -> str:
        """Where the environment is."""
        return f"/repos/{self.project.repo}/environments/{quote(ENVIRONMENT, safe='')}"

    def of(self, token: str) -> GithubWorld:
        """Return this world, with no place said yet for a kind's objects."""
        world = copy.copy(self)
        fields = kind_of(token).args.model_fields
        world.place = {field: None for field in Place._fields if field in fields}
        return world

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call GitHub behind flowground's back; None for what is not there."""
        with self.project.http() as http:
            answer = http.request(method, path, json=body)
        if answer.status_code == 404 and method == "GET":
            return None
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def unlike(self, name: str) -> str:
        """Return a name that no other test uses, in upper case as GitHub has them."""
        return f"{name}_{uuid.uuid4().hex[:8].upper()}"


@contextlib.contextmanager
def github_worlds(folder: Path) -> Iterator[Callable[[str], GithubWorld]]:
    """Run a local GitHub; yield what makes a kind's world.

    At the end no answer has broken GitHub's description, and no secret was written.
    """
    folder.mkdir(parents=True)
    with LocalGithub.start(folder) as github, Proxy(github.url) as proxy:
        world = GithubWorld(github.project(), proxy)
        try:
            yield world.of
        finally:
            written = world.close()
        assert github.violations() == []
        for text in (*written, github.log.read_text()):
            assert world.canary not in text
