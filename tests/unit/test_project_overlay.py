"""What a stack changes of a prefect.yaml that is the same for all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.kernel import ConfigurationError
from components.prefect.project import FlowProjectSettings, Overlay
from components.prefect.project.overlay import merged
from tests.unit.test_project import declared, folder, inputs

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder"]

CLONE = "prefect.deployments.steps.git_clone"
POOL = {
    "name": "pool",
    "work_queue_name": "urgent",
    "job_variables": {"image": "host:5000/a/b:1", "env": {"A": "1", "B": "2"}},
}


def test_an_override_wins_over_the_project_which_wins_over_the_file(
    folder: Path,
) -> None:
    """Pool, parameters and job variables, each from the nearest that says."""
    made = declared(
        folder,
        {"work_pool": POOL, "parameters": {"name": "file"}},
        job_variables={"env": {"B": "project", "C": "project"}},
        parameters={"name": "project"},
        overrides={"one": {"job_variables": {"env": {"C": "own"}}, "paused": True}},
    )
    found = inputs(made)
    assert json.loads(found["parameters"]) == {"name": "project"}
    assert json.loads(found["job_variables"])["env"] == {
        "A": "1",
        "B": "project",
        "C": "own",
    }
    assert found["paused"] is True
    assert found["work_queue_name"] == "urgent"


def test_another_pool_has_queues_of_its_own(folder: Path) -> None:
    """The file's queue goes with the file's pool."""
    found = inputs(declared(folder, {"work_pool": POOL}, work_pool="other"))
    assert found["work_pool_name"] == "other"
    assert "work_queue_name" not in found
    both = declared(folder, {"work_pool": POOL}, work_pool="other", work_queue="theirs")
    assert inputs(both)["work_queue_name"] == "theirs"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("host:5000/a/b:1", "host:5000/a/b:v2"),
        ("host:5000/a/b", "host:5000/a/b:v2"),
        ("a/b", "a/b:v2"),
        ("a/b@sha256:0123", "a/b:v2"),
    ],
)
def test_the_images_tag_is_changed_and_nothing_else(
    folder: Path, image: str, expected: str
) -> None:
    """A registry's port is no tag."""
    pool = {"name": "pool", "job_variables": {"image": image}}
    made = declared(folder, {"work_pool": pool}, image_tag="v2")
    assert json.loads(inputs(made)["job_variables"]) == {"image": expected}


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({"branch": "release"}, {"branch": "release"}),
        ({"tag": "v1"}, {"branch": "v1"}),
        ({"commit": "0" * 40}, {"commit_sha": "0" * 40}),
    ],
)
def test_what_is_pulled_is_the_environments_choice(
    folder: Path, ref: Any, expected: Any
) -> None:
    """A branch, a tag or a commit takes the place of what the file pulls."""
    for given_ref in ({"branch": "main"}, {"commit_sha": "1" * 40}):
        pull = [{CLONE: {"repository": "r", **given_ref}}, {"a.b": {"branch": "x"}}]
        made = declared(folder, {"pull": pull}, **ref)
        assert json.loads(inputs(made)["pull_steps"]) == [
            {CLONE: {"repository": "r", **expected}},
            {"a.b": {"branch": "x"}},
        ]


def test_what_cannot_be_changed_is_told(folder: Path) -> None:
    """A tag without an image, a ref without a clone: each would do nothing."""
    with pytest.raises(ConfigurationError, match="image_tag"):
        declared(folder, {}, image_tag="v2")
    with pytest.raises(ConfigurationError, match="no git_clone step"):
        declared(folder, {}, branch="main")


def test_schedules_rest_where_they_are_off(folder: Path) -> None:
    """`on` leaves each as the file has it."""
    crons = [{"cron": "1 1 * * *"}, {"cron": "2 2 * * *", "active": False}]
    off = declared(folder, {"schedules": crons}, schedules="off")
    assert [s["active"] for s in inputs(off)["schedules"]] == [False, False]
    on = declared(folder, {"schedules": crons}, schedules="on")
    assert [s.get("active", True) for s in inputs(on)["schedules"]] == [True, False]


def test_only_the_chosen_deployments_are_made(folder: Path) -> None:
    """The others of the file are other environments' affair."""
    made = declared(folder, {}, {"name": "two"}, only=["two"])
    names = [r.name for r in made.registered if "Deployment" in r.type]
    assert names == ["p/hello/two"]
    with pytest.raises(ConfigurationError, match="has no 'three'"):
        declared(folder, {}, only=["three"])


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"path": "a", "git": {"url": "b"}},
        {"path": "a", "branch": "b", "tag": "c"},
        {"path": "a", "work_pol": "b"},
    ],
)
def test_contradictions_in_the_config_are_refused(wrong: dict[str, Any]) -> None:
    """One place, one ref, and no unknown key."""
    with pytest.raises(ValidationError):
        FlowProjectSettings.model_validate(wrong)


def test_a_ref_of_one_deployment_replaces_the_projects() -> None:
    """A commit for one, where the project has a branch."""
    settings = FlowProjectSettings(
        path="p", branch="main", overrides={"one": Overlay(commit="c")}
    )
    assert settings.of("one").ref == {"commit_sha": "c", "branch": None}
    assert settings.of("two").ref == {"branch": "main", "commit_sha": None}


TREES = st.recursive(
    st.integers(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


@given(MAPPINGS, MAPPINGS)
def test_merging_twice_is_merging_once(base: Any, over: Any) -> None:
    """Merging is idempotent, keeps what only one has, and lets the overlay win."""
    once = merged(base, over, deep=True)
    assert merged(once, over, deep=True) == once
    assert merged({}, over, deep=True) == over
    assert merged(base, {}, deep=True) == base
    assert once.keys() == base.keys() | over.keys()
