"""What secrets and variables on GitHub need beyond the contract of all kinds."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.github import put_secret
from tests.support.github_world import ENVIRONMENT, GithubWorld
from tests.support.servicer import CallError, Servicer

if TYPE_CHECKING:
    from tests.contract.sample import Properties

SECRET, VARIABLE = "github:ActionsSecret", "github:ActionsVariable"
DEPENDABOT = "github:DependabotSecret"


def _as(world: GithubWorld, token: str) -> Servicer:
    return Servicer({**world.env, "GITHUB_TOKEN": token})


def _somebody(world: GithubWorld, permission: str | None) -> str:
    """Return the token of somebody with that permission on the repository."""
    login = f"u{uuid.uuid4().hex[:8]}"
    world.github.admin("POST", "users", login=login)
    if permission:
        where = {"repository": world.project.repo, "user": login}
        world.github.admin("POST", "collaborators", **where, permission=permission)
    return world.github.token(login)


def _places(world: GithubWorld) -> dict[str, tuple[Properties, dict[str, str]]]:
    project = world.project
    repository = {"repository": project.repo}
    in_environment = {**repository, "environment": ENVIRONMENT}
    organization = {"organization": project.organization}
    return {
        "repository": (repository, repository),
        "environment": (in_environment, in_environment),
        "organization": (organization, organization),
    }


@pytest.mark.parametrize("scope", ["repository", "environment", "organization"])
def test_a_secret_arrives_as_it_was_written_and_changes_in_place(
    world: GithubWorld, name: str, scope: str
) -> None:
    """GitHub opens exactly our text, and a new value is one PUT and no deletion."""
    place, collection = _places(world)[scope]
    value = "pass wörd\n\U0001f511 "
    made = world.servicer.create(SECRET, {**place, "name": name, "value": value})
    assert world.github.secrets(**collection)[name] == value
    wanted = {**place, "name": name, "value": "the next one"}
    assert world.servicer.diff(made, {**made.inputs, **wanted}) == (["value"], [])
    with world.recording() as calls:
        world.servicer.update(made, wanted)
    assert [call.method for call in calls if call.writes] == ["PUT"]
    assert world.github.secrets(**collection)[name] == "the next one"


def test_a_dependabot_secret_is_not_one_of_actions(
    world: GithubWorld, name: str
) -> None:
    """The two collections of a repository are told apart."""
    place = {"repository": world.project.repo}
    world.servicer.create(DEPENDABOT, {**place, "name": name, "value": "registry"})
    opened = world.github.secrets(**place, kind="dependabot_secret")
    assert opened[name] == "registry"
    assert name not in world.github.secrets(**place)


@pytest.mark.parametrize("token", [SECRET, VARIABLE])
def test_names_are_as_github_stores_them(
    world: GithubWorld, name: str, token: str
) -> None:
    """Neither a name's case nor a repository's is a change."""
    repository = world.project.repo
    inputs = {"repository": repository, "name": name, "value": "1"}
    made = world.servicer.create(token, inputs)
    other = {**inputs, "repository": repository.upper(), "name": name.lower()}
    again = world.servicer.check(token, other, made.inputs)
    assert world.servicer.diff(made, again.inputs) == ([], [])


def test_a_write_that_github_does_not_show_yet_is_waited_for(
    world: GithubWorld, name: str
) -> None:
    """GitHub answers a first read with 404 now and then; that is no drift."""
    path = f"/repos/.*/actions/secrets/{name}"
    world.github.admin(
        "POST", "faults", path=path, status=404, method="GET", skip=1, times=2
    )
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    made = world.servicer.create(SECRET, inputs)
    assert made.outputs["updated_at"]
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_a_key_that_was_changed_meanwhile_is_taken(
    world: GithubWorld, name: str
) -> None:
    """GitHub changes the keys that values are sealed to; each write asks for it."""
    place = {"repository": world.project.repo}
    made = world.servicer.create(SECRET, {**place, "name": name, "value": "1"})
    world.github.admin("POST", "sealing-keys", **place)
    world.servicer.update(made, {**place, "name": name, "value": "2"})
    assert world.github.secrets(**place)[name] == "2"


def test_selecting_repositories_writes_no_value(world: GithubWorld, name: str) -> None:
    """Who may use a secret changes without its value being sent again."""
    inputs = {
        "organization": world.project.organization,
        "name": name,
        "value": "1",
        "selected_repositories": ["flows"],
    }
    made = world.servicer.create(SECRET, inputs)
    assert made.inputs["visibility"] == "selected"
    with world.recording() as calls:
        world.servicer.update(made, {**inputs, "selected_repositories": ["other"]})
    written = [call.path.rpartition("/")[2] for call in calls if call.writes]
    assert written == ["repositories"]


def test_a_repository_that_is_not_there_is_named(world: GithubWorld, name: str) -> None:
    """A misspelt repository is one sentence with its name, and nothing is made."""
    inputs = {
        "organization": world.project.organization,
        "name": name,
        "value": "1",
        "selected_repositories": ["misspelt"],
    }
    with pytest.raises(CallError, match="no repository 'misspelt'"):
        world.servicer.create(VARIABLE, inputs)


@pytest.mark.parametrize("permission", [None, "pull"])
def test_what_one_may_not_see_is_not_taken_for_gone(
    world: GithubWorld, name: str, permission: str | None
) -> None:
    """GitHub's 404 for a credential without a role keeps the resource in state."""
    inputs = {"repository": world.project.repo, "name": name, "value": "1"}
    made = world.servicer.create(SECRET, inputs)
    said = "may not read this in it" if permission else "shows no repository"
    with _as(world, _somebody(world, permission)) as weak:
        with pytest.raises(CallError, match=said):
            weak.read(made)
        with pytest.raises(CallError, match=said):
            weak.delete(made)
    assert world.servicer.read(made) is not None


def test_what_one_may_only_read_is_not_taken_for_deleted(
    world: GithubWorld, name: str
) -> None:
    """GitHub answers 404 to a write that is not allowed, too."""
    place = _places(world)["environment"][0]
    made = world.servicer.create(VARIABLE, {**place, "name": name, "value": "1"})
    with _as(world, _somebody(world, "push")) as weak:
        with pytest.raises(CallError, match="may not change it"):
            weak.delete(made)
        with pytest.raises(CallError, match="may not change it"):
            weak.create(VARIABLE, {**place, "name": f"{name}_2", "value": "1"})
    assert world.servicer.read(made) is not None


def test_what_was_in_an_environment_is_gone_with_it(
    world: GithubWorld, name: str, unique: str
) -> None:
    """Without its environment a secret is no more, which is no error."""
    repository = world.project.repo
    around = world.servicer.create(
        "github:Environment", {"repository": repository, "name": unique}
    )
    place = {"repository": repository, "environment": unique}
    made = world.servicer.create(SECRET, {**place, "name": name, "value": "1"})
    world.servicer.delete(around)
    assert world.servicer.read(made) is None
    world.servicer.delete(made)
    with pytest.raises(CallError, match=f"GitHub has no environment '{unique}'"):
        world.servicer.create(SECRET, {**place, "name": f"{name}_2", "value": "1"})


def test_pages_are_read_to_the_end(world: GithubWorld, name: str) -> None:
    """Variables come 30 a page, and the last of many is still found."""
    names = [f"{name}_{i:02}" for i in range(31)]
    for one in names:
        body = {"name": one, "value": one}
        world.call(
            "POST", f"/repos/{world.project.organization}/other/actions/variables", body
        )
    place = {"repository": f"{world.project.organization}/other"}
    inputs = {**place, "name": names[-1], "value": names[-1]}
    with world.recording() as calls:
        world.servicer.create(VARIABLE, inputs)
    assert [call.method for call in calls] == ["GET", "GET"]


def test_a_renamed_repository_swallows_no_write(
    world: GithubWorld, name: str, unique: str
) -> None:
    """GitHub redirects writes by a 307, which is no success: the new name is wanted."""
    organization = world.project.organization
    world.call("POST", f"/orgs/{organization}/repos", {"name": unique})
    place = {"repository": f"{organization}/{unique}"}
    made = world.servicer.create(SECRET, {**place, "name": name, "value": "1"})
    world.call("PATCH", f"/repos/{organization}/{unique}", {"name": f"{unique}-new"})
    with pytest.raises(CallError, match="has another name now"):
        world.servicer.update(made, {**place, "name": name, "value": "2"})
    moved = {"repository": f"{organization}/{unique}-new"}
    assert world.github.secrets(**moved)[name] == "1"


def test_threads_do_not_mix_their_answers_up(world: GithubWorld, name: str) -> None:
    """The engine creates many at once over one credential, each with its own value."""
    place = {"repository": world.project.repo}
    names = [f"{name}_{i}" for i in range(12)]

    def create(one: str) -> str:
        inputs = {**place, "name": one, "value": f"value of {one}"}
        return world.servicer.create(SECRET, inputs).id

    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(create, names))
    assert [id_.rpartition("/")[2] for id_ in ids] == names
    opened = world.github.secrets(**place)
    assert {one: opened[one] for one in names} == {n: f"value of {n}" for n in names}


def test_one_place_out_of_three(world: GithubWorld, name: str) -> None:
    """A secret that lives nowhere or in two places is refused, field by field."""
    both = {"repository": "a/b", "organization": "a", "environment": "c"}
    for place, wrong in (
        ({}, {"repository"}),
        ({"environment": "c"}, {"repository"}),
        (both, {"organization", "environment"}),
        ({"repository": "a/b", "visibility": "all"}, {"visibility"}),
    ):
        inputs = {**place, "name": name, "value": "1"}
        assert world.servicer.check(SECRET, inputs).failures.keys() == wrong, place
    nothing = {"repository": "a/b", "name": name}
    assert world.servicer.check(SECRET, nothing).failures.keys() == {"value"}


def test_a_secret_by_hand_is_taken_over_by_name_alone(
    world: GithubWorld, name: str
) -> None:
    """Nothing of a repository's secret can be compared: ours is written over it."""
    place = {"repository": world.project.repo}
    with world.project.http() as http:
        put_secret(
            http, f"/repos/{world.project.repo}/actions/secrets", name, "by hand"
        )
    world.servicer.create(SECRET, {**place, "name": name, "value": "ours"})
    assert world.github.secrets(**place)[name] == "ours"
