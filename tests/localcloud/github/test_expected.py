"""What a rehearsal makes on the local GitHub before the stack comes."""

from __future__ import annotations

from tools.expected_github import prepare


def test_repository_and_reviewers_are_there(github):
    """The stack's environment can be made with its reviewers, also the second time."""
    services = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": github.admin_token}
    config = {
        "flowground:tier": "prod",
        "flowground:github": {
            "repository": "acme/flows",
            "environment": {"reviewers": ["ada", "acme/platform"]},
        },
    }
    for _ in range(2):
        prepare(config, services)
    with github.http(github.admin_token) as http:
        reviewers = [
            {"type": "User", "id": http.get("/users/ada").json()["id"]},
            {"type": "Team", "id": http.get("/orgs/acme/teams/platform").json()["id"]},
        ]
        path = "/repos/acme/flows/environments/prod"
        made = http.put(path, json={"reviewers": reviewers})
        assert made.status_code == 200, made.text


def test_a_stack_without_github_needs_nothing(github):
    """Nothing is asked where the stack delivers nothing, or where no GitHub runs."""
    mark = github.mark()
    services = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": github.admin_token}
    prepare({"flowground:tier": "dev"}, services)
    prepare({"flowground:github": {"repository": "acme/other"}}, {})
    assert github.requests(mark) == []
