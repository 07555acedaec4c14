"""Code that is elsewhere: git at a commit, a bucket, a folder."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import ConfigurationError
from components.prefect import FlowProject
from components.prefect.project import GitSource
from components.prefect.project.source import check_out, resolve
from tests.unit.kernel.program import Run, run
from tests.unit.test_project import CODE, folder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder"]

STEPS = "prefect.deployments.steps"
INSIDE = "{{ clone.directory }}/flows"
ONE = {"entrypoint": "hello.py:hello", "work_pool": {"name": "pool"}}


@pytest.fixture
def repository(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a repository with a branch, an annotated tag and two commits."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    made = tmp_path_factory.mktemp("repository")
    git(made, "init", "--quiet", "--initial-branch=main")
    (made / "flows").mkdir()
    (made / "flows/hello.py").write_text(CODE)
    git(made, "add", ".")
    git(made, "commit", "--quiet", "--message=one")
    git(made, "tag", "--annotate", "--message=first", "v1")
    (made / "flows/hello.py").write_text(CODE.replace('"7"', '"8"'))
    git(made, "commit", "--quiet", "--all", "--message=two")
    git(made, "config", "uploadpack.allowAnySHA1InWant", "true")
    return made


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("ref", ["main", "v1", "HEAD"])
def test_a_ref_stands_for_a_commit(repository: Path, ref: str) -> None:
    """A branch, an annotated tag and the default branch, each by what it points at."""
    source = GitSource(url=str(repository), ref=ref, path="flows")
    commit = git(repository, "rev-parse", f"{ref}^{{commit}}")
    assert resolve(source) == commit
    found = check_out(source)
    assert found.commit == commit
    assert ('"7"' in (found.folder / "hello.py").read_text()) == (ref == "v1")
    assert check_out(source) == found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ref": "nowhere"}, "has no branch or tag 'nowhere'"),
        ({"path": "nowhere"}, "has no folder 'nowhere'"),
        ({"path": "../.."}, "has no folder"),
        ({"url": "file:///nowhere"}, "git cannot read file:///nowhere"),
        ({"ref": "0" * 40}, "git cannot read"),
    ],
)
def test_what_is_not_there_is_told(
    repository: Path, change: dict[str, str], told: str
) -> None:
    """Which of repository, ref and folder it is."""
    with pytest.raises(ConfigurationError) as refused:
        check_out(GitSource(**{"url": str(repository), **change}))
    assert told in str(refused.value)


def test_a_credential_in_the_url_is_not_told() -> None:
    """An error names the repository without what opens it."""
    with pytest.raises(ConfigurationError) as refused:
        check_out(GitSource(url="file://user:canary-4711@host.invalid/repository"))
    assert "canary-4711" not in str(refused.value)


def from_source(source: Any, **options: Any) -> Run:
    def program() -> None:
        FlowProject.from_source("p", source, **options)

    return run(program, respond=lambda _: {"outputs": "{}"})


def pulled(made: Run) -> Any:
    return json.loads(made["p/hello/one"].inputs["pull_steps"])


def test_git_code_is_pulled_at_the_commit_that_was_read(repository: Path) -> None:
    """What runs is what the plan was made of, whatever the branch does meanwhile."""
    source = GitSource(url=str(repository), ref="main", path="flows")
    made = from_source(source, deployments={"one": ONE})
    clone = {
        "id": "clone",
        "repository": str(repository),
        "commit_sha": git(repository, "rev-parse", "main"),
    }
    assert pulled(made) == [
        {"prefect.deployments.steps.git_clone": clone},
        {f"{STEPS}.set_working_directory": {"directory": INSIDE}},
    ]
    assert made["p/hello/one"].inputs["version"] == "8"


def test_a_bucket_and_a_folder_are_pulled_as_they_are(folder: Path) -> None:
    """The code at hand tells of the flow; a run fetches it from its source."""
    bucket = from_source("s3://flows/a", deployments={"one": ONE}, folder=folder)
    remote = f"{STEPS}.pull_from_remote_storage"
    assert pulled(bucket) == [{remote: {"url": "s3://flows/a"}}]
    local = from_source(folder, deployments={"one": ONE})
    here = {"directory": str(folder)}
    assert pulled(local) == [{f"{STEPS}.set_working_directory": here}]


def test_an_image_is_a_job_variable_that_steps_may_build(folder: Path) -> None:
    """Beside other job variables; the code is then looked for in the image."""
    pool = {"name": "pool", "job_variables": {"env": {"A": "b"}}}
    made = from_source(
        folder, deployments={"one": {**ONE, "work_pool": pool, "image": "a/b:1"}}
    )
    inputs = made["p/hello/one"].inputs
    assert json.loads(inputs["job_variables"]) == {"env": {"A": "b"}, "image": "a/b:1"}
    with pytest.raises(ConfigurationError, match="flow project 'p' is not valid"):
        from_source(folder, deployments={"one": {"entrypont": "x"}})
