"""Users, organizations, teams, and the lists of repositories."""

from __future__ import annotations

import pytest


@pytest.fixture
def crew(project):
    """A team with one member and the project's repository; returns the login."""
    login, _ = project.member()
    org = f"/orgs/{project.organization}"
    with project.http() as http:
        body = {"name": "Release Crew!", "description": "ships", "privacy": "closed"}
        made = http.post(f"{org}/teams", json=body)
        assert (made.status_code, made.json()["slug"]) == (201, "release-crew")
        team = f"{org}/teams/release-crew"
        http.put(f"{team}/memberships/{login}", json={"role": "member"})
        http.put(f"{team}/repos/{project.repo}", json={"permission": "push"})
    return login


def test_teams_read_back(project, crew):
    """A team is listed and shown with its counts, members, roles and repositories."""
    org = f"/orgs/{project.organization}"
    team = f"{org}/teams/release-crew"
    with project.http() as http:
        shown = http.get(team).json()
        assert (shown["members_count"], shown["repos_count"]) == (2, 1)
        assert [each["id"] for each in http.get(f"{org}/teams").json()] == [shown["id"]]
        logins = {each["login"] for each in http.get(f"{team}/members").json()}
        assert logins == {crew, project.owner}
        maintainers = http.get(f"{team}/members", params={"role": "maintainer"}).json()
        assert [each["login"] for each in maintainers] == [project.owner]
        role = http.get(f"{team}/memberships/{crew}").json()
        assert (role["role"], role["state"]) == ("member", "active")
        assert http.get(f"{team}/repos").json()[0]["id"] == project.repo_id


def test_teams_change(project, crew):
    """A team is renamed, which changes its slug, loses a member, and is deleted."""
    org = f"/orgs/{project.organization}"
    team = f"{org}/teams/release-crew"
    with project.http() as http:
        taken = http.post(f"{org}/teams", json={"name": "release crew"})
        assert taken.status_code == 422
        assert http.delete(f"{team}/memberships/{crew}").status_code == 204
        assert http.get(f"{team}/memberships/{crew}").status_code == 404
        renamed = http.patch(team, json={"name": "Night Crew", "privacy": "secret"})
        assert (renamed.json()["slug"], renamed.json()["privacy"]) == (
            "night-crew",
            "secret",
        )
        assert http.get(team).status_code == 404
        assert http.delete(f"{org}/teams/night-crew").status_code == 204
        assert http.get(f"{org}/teams").json() == []


def test_only_owners_change_teams(project, crew):
    """A member of the organization sees a team and may not change it."""
    token = project.github.token(crew)
    team = f"/orgs/{project.organization}/teams/release-crew"
    with project.http(token) as http:
        assert http.get(team).status_code == 200
        assert http.patch(team, json={"name": "Mine"}).status_code == 403
        assert http.delete(team).status_code == 403


def test_members(project, crew):
    """An organization's members are listed by role and looked up one by one."""
    org = f"/orgs/{project.organization}"
    with project.http() as http:

        def logins(**query):
            return {
                each["login"]
                for each in http.get(f"{org}/members", params=query).json()
            }

        assert logins() == {crew, project.owner}
        assert logins(role="admin") == {project.owner}
        assert http.get(f"{org}/members/{crew}").status_code == 204
        assert http.get(f"{org}/members/local-admin").status_code == 404
        shown = http.get(f"{org}/memberships/{project.owner}").json()
        assert (shown["role"], shown["state"]) == ("admin", "active")


def test_users(project):
    """A user is found by login in any case and by id; an organization is one too."""
    with project.http() as http:
        me = http.get("/user").json()
        assert me["login"] == project.owner
        assert http.get(f"/users/{project.owner.upper()}").json()["id"] == me["id"]
        assert http.get(f"/user/{me['id']}").json()["login"] == project.owner
        found = http.get(f"/users/{project.organization}").json()
        assert found["type"] == "Organization"
        assert http.get("/users/nobody-of-that-name").status_code == 404
        assert http.get(f"/orgs/{project.owner}").status_code == 404


def test_own_repositories(github, project):
    """A user makes repositories, sees all of their own, and others the public ones."""
    name = f"/users/{project.owner}/repos"
    with project.http() as http:
        for body in ({"name": "open"}, {"name": "closed", "visibility": "private"}):
            assert http.post("/user/repos", json=body).status_code == 201
        again = http.post("/user/repos", json={"name": "OPEN"})
        assert again.status_code == 422
        mine = {each["full_name"] for each in http.get("/user/repos").json()}
        own = {f"{project.owner}/open", f"{project.owner}/closed"}
        assert mine == own | {project.repo}
        assert [each["name"] for each in http.get(name).json()] == ["open"]
    with github.http(None) as http:
        assert [each["name"] for each in http.get(name).json()] == ["open"]
        assert http.get(f"/orgs/{project.organization}/repos").json() == []
