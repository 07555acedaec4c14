"""Issues and comments, as workflows write them."""

from __future__ import annotations

import pytest

from tests.support.github import USER_AGENT
from tests.support.github_actions import job_token


@pytest.fixture
def issues(project):
    """The path of the repository's issues."""
    return f"/repos/{project.repo}/issues"


def test_life_of_an_issue(github, project, issues):
    """An issue is opened, listed, changed, closed with a reason and opened again."""
    with project.http() as http:
        made = http.post(issues, json={"title": "Drift", "body": "a"})
        assert made.status_code == 201
        assert (made.json()["number"], made.json()["state"]) == (1, "open")
        assert made.json()["user"]["login"] == project.owner
        second = http.post(issues, json={"title": "Other"}).json()
        assert [one["number"] for one in http.get(issues).json()] == [2, 1]
        github.advance_clock(2)
        changed = http.patch(f"{issues}/1", json={"body": "b"}).json()
        assert (changed["title"], changed["body"]) == ("Drift", "b")
        assert changed["updated_at"] > changed["created_at"]
        closed = http.patch(f"{issues}/1", json={"state": "closed"}).json()
        assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
        assert closed["closed_at"] is not None
        assert [one["number"] for one in http.get(issues).json()] == [second["number"]]
        listed = http.get(issues, params={"state": "closed"}).json()
        assert [one["number"] for one in listed] == [1]
        opened = http.patch(f"{issues}/1", json={"state": "open"}).json()
        assert (opened["state_reason"], opened["closed_at"]) == ("reopened", None)
        by_nobody = http.get(issues, params={"creator": "nobody"}).json()
        assert by_nobody == []


def test_life_of_a_comment(project, issues):
    """A comment is written, listed in pages, edited and deleted."""
    with project.http() as http:
        http.post(issues, json={"title": "PR"}).raise_for_status()
        texts = [f"comment {number}" for number in range(3)]
        for text in texts:
            made = http.post(f"{issues}/1/comments", json={"body": text})
            assert made.status_code == 201
        page = http.get(f"{issues}/1/comments", params={"per_page": 2})
        assert [one["body"] for one in page.json()] == texts[:2]
        assert 'rel="next"' in page.headers["Link"]
        assert http.get(f"{issues}/1").json()["comments"] == 3
        one = f"{issues}/comments/{made.json()['id']}"
        assert http.patch(one, json={"body": "edited"}).json()["body"] == "edited"
        assert http.get(one).json()["issue_url"].endswith(f"{issues}/1")
        assert http.delete(one).status_code == 204
        assert http.get(one).status_code == 404
        assert http.patch(one, json={"body": "x"}).status_code == 404


def test_limits_of_a_body(project, issues):
    """65,536 characters are taken and one more is refused, in comments and issues."""
    with project.http() as http:
        most = {"title": "PR", "body": "ä" * 65_536}
        assert http.post(issues, json=most).status_code == 201
        comments = f"{issues}/1/comments"
        assert http.post(comments, json={"body": most["body"]}).status_code == 201
        for path in (issues, comments):
            refused = http.post(path, json={"title": "x", "body": "a" * 65_537})
            assert refused.status_code == 422
            assert "65536" in refused.json()["errors"][0]["message"]
        assert http.post(comments, json={"body": " "}).status_code == 422


def test_who_may_write(github, public_project):
    """A visitor comments and changes only what is theirs; nobody writes unnamed."""
    issues = f"/repos/{public_project.repo}/issues"
    github.admin("POST", "users", login="visitor")
    with public_project.http() as http:
        http.post(issues, json={"title": "ours"}).raise_for_status()
    with public_project.http(github.token("visitor")) as http:
        made = http.post(f"{issues}/1/comments", json={"body": "mine"}).json()
        mine = f"{issues}/comments/{made['id']}"
        assert http.patch(mine, json={"body": "still mine"}).status_code == 200
        assert http.patch(f"{issues}/1", json={"title": "x"}).status_code == 403
    _, other = public_project.member()
    with public_project.http(other) as http:
        assert http.delete(mine).status_code == 403
    with public_project.http() as http:
        assert http.patch(mine, json={"body": "moderated"}).status_code == 200
    with github.http(None) as http:
        assert http.get(f"{issues}/1/comments").status_code == 200
        assert http.post(issues, json={"title": "x"}).status_code == 401


def test_an_app_writes_as_its_bot(project, issues):
    """What a job's token writes is by `github-actions[bot]`."""
    with project.http(job_token(project)) as http:
        http.headers["User-Agent"] = USER_AGENT
        user = http.post(issues, json={"title": "Drift"}).raise_for_status().json()
        assert user["user"]["login"] == "github-actions[bot]"
        assert user["user"]["type"] == "Bot"
        listed = http.get(issues, params={"creator": "github-actions[bot]"}).json()
        assert [one["number"] for one in listed] == [user["number"]]


def test_a_token_without_the_permission(github, project, issues):
    """A fine-grained token needs `issues`."""
    limited = github.token(project.owner, permissions={"metadata": "read"})
    with project.http(limited) as http:
        assert http.post(issues, json={"title": "x"}).status_code == 403
