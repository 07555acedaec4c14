"""`make comment` and `make drift-issue` against GitHub's API."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.github_actions import job_token
from tools.comment import keep
from tools.drift_issue import keep as keep_issue
from tools.forge import Forge
from tools.plans.comment import PREVIEW
from tools.plans.preview import Change, Op, Preview

ROOT = Path(__file__).resolve().parents[3]
CLEAN = Preview("prod", (), 0, (), ())
CHANGE = Change(Op.UPDATE, "x:Thing", "a", {"l": 1}, {"l": 2}, ("l",), (), False)
DRIFTED = CLEAN._replace(changes=(CHANGE,))


@pytest.fixture
def forge(project):
    """The repository, as a job's own token sees it."""
    return Forge(project.github.url, project.repo, job_token(project))


@pytest.fixture
def pull(project):
    """The number of what stands for a pull request."""
    with project.http() as http:
        made = http.post(f"/repos/{project.repo}/issues", json={"title": "PR"})
        return made.raise_for_status().json()["number"]


def comments(project, pull):
    """The comments' texts."""
    with project.http() as http:
        listed = http.get(f"/repos/{project.repo}/issues/{pull}/comments").json()
    return [one["body"] for one in listed]


def said(text):
    """A comment as `make plan-comment` writes it."""
    return f"{PREVIEW.marker}\n\n{text}\n"


def test_one_comment_is_kept_up_to_date(github, project, pull, forge):
    """The first run writes it, the next edits it, one that says the same sends none."""
    assert keep(forge, pull, said("one")) == "created"
    assert keep(forge, pull, said("two")) == "updated"
    mark = github.mark()
    assert keep(forge, pull, said("two")) == "kept"
    assert {one["method"] for one in github.requests(mark)} == {"GET"}
    assert comments(project, pull) == [said("two")]


def test_nobody_elses_comment_is_touched(project, pull, forge):
    """Somebody's comment with our marker is left alone, and so is our other one."""
    with project.http() as http:
        path = f"/repos/{project.repo}/issues/{pull}/comments"
        http.post(path, json={"body": said("a forgery")}).raise_for_status()
    forge.repository.get_issue(pull).create_comment("<!-- other -->\nours")
    assert keep(forge, pull, said("real")) == "created"
    assert keep(forge, pull, said("newer")) == "updated"
    texts = comments(project, pull)
    assert texts == [said("a forgery"), "<!-- other -->\nours", said("newer")]


def test_spare_comments_go(project, pull, forge):
    """Two runs at once leave two comments; the next leaves one."""
    for text in ("a", "b", "c"):
        forge.repository.get_issue(pull).create_comment(said(text))
    assert keep(forge, pull, said("d")) == "updated"
    assert comments(project, pull) == [said("d")]


def test_a_comment_deleted_meanwhile_is_written_anew(github, project, pull, forge):
    """Somebody deletes it between our look and our write."""
    keep(forge, pull, said("one"))
    fault = {"method": "PATCH", "path": ".*/issues/comments/.*", "status": 404}
    github.admin("POST", "faults", **fault)
    assert keep(forge, pull, said("two")) == "created"
    assert said("two") in comments(project, pull)


def test_the_command(project, pull, tmp_path):
    """The command reads the job's variables; what it lacks it names."""
    file = tmp_path / "comment.md"
    file.write_text(said("from a job"))
    env = {
        "PATH": os.environ["PATH"],
        "GITHUB_API_URL": project.github.url,
        "GITHUB_REPOSITORY": project.repo,
    }

    def run(env):
        return subprocess.run(
            [sys.executable, "-m", "tools.comment", str(pull), file],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = run(env)
    assert refused.returncode == 1
    assert "JOB_TOKEN" in refused.stderr
    done = run({**env, "JOB_TOKEN": job_token(project), "GITHUB_TOKEN": "delivers"})
    assert done.returncode == 0, done.stderr
    assert comments(project, pull) == [said("from a job")]
    weak = project.github.token(project.owner, permissions={"issues": "read"})
    file.write_text(said("not allowed"))
    denied = run({**env, "JOB_TOKEN": weak})
    assert denied.returncode == 1
    assert "pull-requests: write" in denied.stderr
    assert weak not in denied.stderr


def test_drift_opens_updates_and_closes_one_issue(project, forge):
    """One issue follows the drift of a stack, and is closed when there is none."""

    def opened():
        with project.http() as http:
            return http.get(f"/repos/{project.repo}/issues").json()

    assert keep_issue(forge, CLEAN) == "none"
    assert keep_issue(forge, DRIFTED) == "opened"
    (issue,) = opened()
    assert "prod" in issue["title"]
    assert "`prod` | 1 |" in issue["body"]
    assert "make up STACK=prod" in issue["body"]
    assert keep_issue(forge, DRIFTED) == "kept"
    gone = DRIFTED._replace(changes=(CHANGE._replace(op=Op.DELETE, new={}),))
    assert keep_issue(forge, gone) == "updated"
    (issue,) = opened()
    assert "gone" in issue["body"]
    staging = DRIFTED._replace(stack="staging")
    assert keep_issue(forge, staging) == "opened"
    assert keep_issue(forge, CLEAN, "https://ci.example/1") == "closed"
    (left,) = opened()
    assert "staging" in left["title"]
    assert "https://ci.example/1" in comments(project, issue["number"])[0]
    assert keep_issue(forge, DRIFTED) == "opened"
