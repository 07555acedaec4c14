"""Variables in each of their three collections, and organizations' sharing."""

from __future__ import annotations

import pytest

from tests.support.github import put_secret


@pytest.fixture(params=["repository", "environment", "organization"])
def collection(request, project):
    """A collection's path and what a POST needs besides."""
    repo = project.repo
    with project.http() as http:
        http.put(f"/repos/{repo}/environments/prod").raise_for_status()
    return {
        "repository": (f"/repos/{repo}/actions/variables", {}),
        "environment": (f"/repos/{repo}/environments/prod/variables", {}),
        "organization": (
            f"/orgs/{project.organization}/actions/variables",
            {"visibility": "private"},
        ),
    }[request.param]


def test_life_of_a_variable(github, project, collection):
    """A variable is created, read back, changed, renamed and deleted."""
    path, more = collection
    with project.http() as http:
        made = http.post(path, json={"name": "api_url", "value": "one", **more})
        assert made.status_code == 201
        created = http.get(f"{path}/Api_Url").json()
        assert (created["name"], created["value"]) == ("API_URL", "one")
        github.advance_clock(2)
        assert http.patch(f"{path}/API_URL", json={"value": "two"}).status_code == 204
        changed = http.get(f"{path}/API_URL").json()
        assert changed["value"] == "two"
        assert changed["updated_at"] > created["updated_at"]
        assert http.patch(f"{path}/API_URL", json={"name": "url"}).status_code == 204
        assert http.get(f"{path}/API_URL").status_code == 404
        assert http.get(path).json()["variables"][0]["value"] == "two"
        assert http.delete(f"{path}/URL").status_code == 204
        assert http.get(path).json()["total_count"] == 0


def test_names_that_are_taken(project, collection):
    """A second POST is 409 whatever the case; so is a rename onto another."""
    path, more = collection
    with project.http() as http:
        http.post(path, json={"name": "A", "value": "1", **more}).raise_for_status()
        http.post(path, json={"name": "B", "value": "1", **more}).raise_for_status()
        again = http.post(path, json={"name": "a", "value": "2", **more})
        assert again.status_code == 409
        assert http.patch(f"{path}/A", json={"name": "b"}).status_code == 409
        assert http.get(f"{path}/A").json()["value"] == "1"


def test_pages_are_of_ten(project, collection):
    """A page of variables is 10 unless asked, and 30 at most; Link leads through."""
    path, more = collection
    with project.http() as http:
        for number in range(35):
            body = {"name": f"V{number:02}", "value": "x", **more}
            http.post(path, json=body).raise_for_status()
        first = http.get(path)
        assert len(first.json()["variables"]) == 10
        assert len(http.get(path, params={"per_page": 100}).json()["variables"]) == 30
        found, url = [], path
        while url:
            page = http.get(url)
            found += [each["name"] for each in page.json()["variables"]]
            url = page.links.get("next", {}).get("url")
        assert found == [f"V{number:02}" for number in range(35)]


def test_deleting_an_environment_takes_its_variables(project):
    """A new environment of the same name starts empty."""
    base = f"/repos/{project.repo}/environments/prod"
    with project.http() as http:
        http.put(base).raise_for_status()
        http.post(f"{base}/variables", json={"name": "A", "value": "1"})
        put_secret(http, f"{base}/secrets", "S", "v").raise_for_status()
        assert http.delete(base).status_code == 204
        http.put(base).raise_for_status()
        assert http.get(f"{base}/variables").json()["total_count"] == 0
        assert http.get(f"{base}/secrets").json()["total_count"] == 0


@pytest.fixture
def other_repository(github, project):
    """The id of a public repository of the same organization."""
    made = github.admin(
        "POST",
        "repositories",
        owner=project.organization,
        name="other",
        private=False,
    )
    return made["id"]


@pytest.mark.parametrize(
    "kind", ["actions/secrets", "dependabot/secrets", "actions/variables"]
)
def test_selected_repositories(project, other_repository, kind):
    """The list of a selected entry is set, added to, taken from and read back."""
    path = f"/orgs/{project.organization}/{kind}"
    chosen = {"visibility": "selected", "selected_repository_ids": [project.repo_id]}
    with project.http() as http:

        def selected():
            listed = http.get(f"{path}/K/repositories").json()
            return [each["id"] for each in listed["repositories"]]

        if kind.endswith("secrets"):
            put_secret(http, path, "K", "v", **chosen).raise_for_status()
        else:
            http.post(path, json={"name": "K", "value": "v", **chosen})
        shown = http.get(f"{path}/K").json()
        assert shown["selected_repositories_url"].endswith(f"{path}/K/repositories")
        assert selected() == [project.repo_id]
        one = f"{path}/K/repositories/{other_repository}"
        assert http.put(one).status_code == 204
        assert selected() == [project.repo_id, other_repository]
        assert http.delete(one).status_code == 204
        body = {"selected_repository_ids": [other_repository]}
        assert http.put(f"{path}/K/repositories", json=body).status_code == 204
        assert selected() == [other_repository]


def test_selection_needs_the_visibility(project):
    """Selecting for an entry that all may use is 409, and ids with `all` are 422."""
    path = f"/orgs/{project.organization}/actions/secrets"
    ids = {"selected_repository_ids": [project.repo_id]}
    with project.http() as http:
        put_secret(http, path, "K", "v", visibility="all").raise_for_status()
        assert http.put(f"{path}/K/repositories/{project.repo_id}").status_code == 409
        assert put_secret(http, path, "K", "v", visibility="all", **ids).is_error


def test_foreign_repositories_cannot_be_selected(github, project):
    """A repository of another organization is refused with 422."""
    path = f"/orgs/{project.organization}/actions/secrets"
    foreign = github.project().repo_id
    with project.http() as http:
        chosen = {"visibility": "selected", "selected_repository_ids": [foreign]}
        assert put_secret(http, path, "K", "v", **chosen).status_code == 422
        assert http.get(path).json()["total_count"] == 0


def test_what_a_repository_may_use(project, other_repository):
    """`all`, `private` and `selected` decide which entries a repository sees."""
    path = f"/orgs/{project.organization}/actions/secrets"
    with project.http() as http:
        put_secret(http, path, "ALL", "v", visibility="all")
        put_secret(http, path, "PRIVATE", "v", visibility="private")
        chosen = {"selected_repository_ids": [other_repository]}
        put_secret(http, path, "CHOSEN", "v", visibility="selected", **chosen)

        def usable(repo):
            listed = http.get(f"/repos/{repo}/actions/organization-secrets").json()
            return [each["name"] for each in listed["secrets"]]

        assert usable(project.repo) == ["ALL", "PRIVATE"]
        variable = {"name": "V", "value": "x", "visibility": "private"}
        http.post(f"/orgs/{project.organization}/actions/variables", json=variable)
        path = f"/repos/{project.repo}/actions/organization-variables"
        assert http.get(path).json()["variables"][0]["value"] == "x"
        assert usable(f"{project.organization}/other") == ["ALL", "CHOSEN"]
