"""What every answer has in common: pages, caching, limits, moves and faults."""

from __future__ import annotations

import time

import pytest

from tests.support.github import LocalGithub, put_secret, seal


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server of its own, whose limits a test may change."""
    with LocalGithub.start(tmp_path_factory.mktemp("limited")) as server:
        yield server
        assert server.violations() == []


def test_pages_and_links(project):
    """Link leads forth and back, keeps the query, and the sizes are GitHub's."""
    path = f"/repos/{project.repo}/environments"
    with project.http() as http:
        for number in range(7):
            http.put(f"{path}/e{number}").raise_for_status()
        first = http.get(path, params={"per_page": 3})
        assert set(first.links) == {"next", "last"}
        second = http.get(first.links["next"]["url"])
        assert set(second.links) == {"prev", "next", "first", "last"}
        last = http.get(first.links["last"]["url"])
        assert [each["name"] for each in last.json()["environments"]] == ["e6"]
        assert last.json()["total_count"] == 7
        beyond = http.get(path, params={"page": 9, "per_page": 3}).json()
        assert beyond["environments"] == []


def test_unchanged_answers_cost_nothing(project):
    """A matching If-None-Match is answered with 304 and not counted."""
    path = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        tag = http.get(path).headers["ETag"]
        used = http.get("/rate_limit").json()["rate"]["used"]
        same = http.get(path, headers={"If-None-Match": tag})
        assert (same.status_code, same.content) == (304, b"")
        assert http.get("/rate_limit").json()["rate"]["used"] == used
        put_secret(http, path, "K", "v").raise_for_status()
        changed = http.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200


def test_addresses_are_on_the_clients_host(project):
    """A client that came by another name of the loopback is kept on that name."""
    with project.http() as http:
        host = {"Host": f"localhost:{http.base_url.port}"}
        found = http.get(f"/repos/{project.repo}", headers=host).json()
        assert found["url"].startswith(f"http://{host['Host']}/repos/")
        assert found["clone_url"].startswith(f"http://{host['Host']}/")


def test_head_is_get_without_a_body(project):
    """HEAD has GET's status and length, and no body."""
    with project.http() as http:
        path = f"/repos/{project.repo}"
        got, head = http.get(path), http.head(path)
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert head.content == b""


def test_enterprise_prefix(project):
    """Under /api/v3 the same API answers, with addresses that stay under it."""
    with project.http() as http:
        found = http.get(f"/api/v3/repos/{project.repo}").json()
        assert "/api/v3/repos/" in found["url"]
        assert http.get(found["url"]).json()["id"] == project.repo_id


@pytest.mark.parametrize(
    ("version", "status"), [("2026-03-10", 200), ("1999-01-01", 400)]
)
def test_api_versions(github, version, status):
    """A version that GitHub does not know is refused with 400."""
    with github.http(None) as http:
        answer = http.get("/meta", headers={"X-GitHub-Api-Version": version})
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/nowhere", "/orgs", "/user/abc", "/gists", "//"])
def test_unknown_paths(github, path):
    """What is not served is 404 with GitHub's error body (`//` is the index)."""
    with github.http(None) as http:
        answer = http.get(path)
        assert answer.status_code == (200 if path == "//" else 404)
        assert path == "//" or answer.json()["documentation_url"]


def test_renamed_repository(project):
    """The old name leads to the new: 301 to read, 307 to write, kept secrets."""
    new = f"{project.organization}/renamed"
    with project.http() as http:
        secrets = f"/repos/{project.repo}/actions/secrets"
        put_secret(http, secrets, "K", "v").raise_for_status()
        body = {"name": "renamed"}
        assert http.patch(f"/repos/{project.repo}", json=body).status_code == 200
        moved = http.get(f"{secrets}/K")
        assert moved.status_code == 301
        target = f"/repositories/{project.repo_id}/actions/secrets/K"
        assert moved.headers["Location"].endswith(target)
        assert moved.json()["url"] == moved.headers["Location"]
        assert http.get(f"{secrets}/K", follow_redirects=True).json()["name"] == "K"
        assert http.delete(f"{secrets}/K").status_code == 307
        assert http.get(f"/repos/{new}").json()["id"] == project.repo_id
        made = http.post(f"/orgs/{project.organization}/repos", json={"name": "flows"})
        assert made.status_code == 201
        assert http.get(f"/repos/{project.repo}").json()["id"] != project.repo_id


def test_homepage(project):
    """A homepage is an address, as the description has it; none is as good as empty."""
    path = f"/repos/{project.repo}"
    with project.http() as http:
        assert http.patch(path, json={"homepage": "no address"}).status_code == 422
        url = "https://example.org/flows?x=[1]"
        assert http.patch(path, json={"homepage": url}).json()["homepage"] == url
        assert http.patch(path, json={"homepage": ""}).json()["homepage"] is None


def test_a_new_repository_of_the_same_name(project):
    """Deleting takes secrets with it; the namesake is another id and empty."""
    path = f"/repos/{project.repo}"
    with project.http() as http:
        put_secret(http, f"{path}/actions/secrets", "K", "v").raise_for_status()
        http.put(f"{path}/environments/prod").raise_for_status()
        assert http.delete(path).status_code == 204
        assert http.get(path).status_code == 404
        made = http.post(
            f"/orgs/{project.organization}/repos",
            json={"name": "flows", "private": True},
        ).json()
        assert made["id"] > project.repo_id
        assert http.get(f"{path}/actions/secrets").json()["total_count"] == 0
        assert http.get(f"{path}/environments").json()["total_count"] == 0


def test_primary_limit(limited):
    """Above the hourly limit all is 403 until the reset, which the headers tell."""
    limited.admin("POST", "limits", primary=3, window_seconds=2)
    project = limited.project()
    with project.http() as http:
        left = [http.get("/user").headers["X-RateLimit-Remaining"] for _ in range(3)]
        assert left == ["2", "1", "0"]
        refused = http.get("/user")
        assert refused.status_code == 403
        assert "API rate limit exceeded" in refused.json()["message"]
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert int(refused.headers["X-RateLimit-Reset"]) <= time.time() + 4
        assert http.get("/rate_limit").json()["rate"]["remaining"] == 0
        deadline = time.monotonic() + 10
        while http.get("/user").status_code == 403:
            assert time.monotonic() < deadline
    limited.admin("POST", "limits")


@pytest.mark.parametrize("status", [403, 429])
def test_secondary_limit(limited, status):
    """A burst of writes is refused with Retry-After: a write costs five points."""
    project = limited.project()
    path = f"/repos/{project.repo}/actions/secrets"
    with project.http() as http:
        body = seal(http, path, "v")
        limited.admin(
            "POST",
            "limits",
            secondary_points=11,
            secondary_window_seconds=60,
            secondary_status=status,
        )
        made = [http.put(f"{path}/K{n}", json=body) for n in range(3)]
        assert [each.status_code for each in made] == [201, 201, status]
        assert 1 <= int(made[2].headers["Retry-After"]) <= 60
        assert "secondary rate limit" in made[2].json()["message"]
        assert http.get(path).json()["total_count"] == 2
    limited.admin("POST", "limits")


def test_faults_on_request(limited):
    """A fault is met by the matching request, as often as asked, and then no more."""
    project = limited.project()
    path = f"/repos/{project.repo}/actions/secrets"
    headers = {"Retry-After": "1"}
    limited.admin(
        "POST",
        "faults",
        path=r"/repos/.*/K",
        method="PUT",
        status=503,
        skip=1,
        times=2,
        headers=headers,
    )
    with project.http() as http:
        body = seal(http, path, "v")
        found = [http.put(f"{path}/K", json=body) for _ in range(4)]
    assert [each.status_code for each in found] == [201, 503, 503, 204]
    assert found[1].headers["Retry-After"] == "1"


def test_answers_are_sent_at_once(project):
    """No answer waits for the client's delayed acknowledgement, which takes 40 ms."""
    with project.http() as http:
        times = [http.get("/user").elapsed.total_seconds() for _ in range(40)]
    # A new connection is acknowledged at once, so the first answers say nothing.
    assert min(times[20:]) < 0.035


def test_journal(github, project):
    """The journal tells which requests were made since a mark, and how they ended."""
    mark = github.mark()
    with project.http() as http:
        http.get(f"/repos/{project.repo}")
        http.delete(f"/repos/{project.repo}/actions/secrets/NONE")
    made = [
        (each["method"], each["path"], each["status"])
        for each in github.requests(mark)
        if project.repo in each["path"]
    ]
    assert made == [
        ("GET", f"/repos/{project.repo}", 200),
        ("DELETE", f"/repos/{project.repo}/actions/secrets/NONE", 404),
    ]
