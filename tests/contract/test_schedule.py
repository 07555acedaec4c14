"""The traps of schedules: what the server changes, drops, resets and forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.test_deployment import DEPLOYMENT, live, wanted, world, writes

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld
    from tests.support.servicer import Object

__all__ = ["wanted", "world"]

OFF = {"active": False}
TIMINGS: dict[str, dict[str, Any]] = {
    "cron": {"cron": "0 9 * * 1-5"},
    "cron nickname": {"cron": "@hourly"},
    "cron with and": {"cron": "0 9 13 * FRI", "day_or": False},
    "cron in a zone": {"cron": "0 9 * * MON#1", "timezone": "America/New_York"},
    "cron in UTC": {"cron": "0 9 * * *", "timezone": "UTC"},
    "interval": {"interval": 3600},
    "interval beyond float32": {"interval": 16777217},
    "interval of microseconds": {"interval": 1.1234567},
    "interval in a zone": {"interval": 86400, "timezone": "Europe/Paris"},
    "anchor with an offset": {"interval": 60, "anchor_date": "2024-01-01T00:00+02:00"},
    "naive anchor": {"interval": 60, "anchor_date": "2024-01-01T00:00:00.5"},
    "rule": {"rrule": "FREQ=DAILY;BYHOUR=9"},
    "rule in a zone": {"rrule": "RRULE:FREQ=WEEKLY", "timezone": "Asia/Tokyo"},
    "rule with the usual start": {"rrule": "DTSTART:20200101T000000\nFREQ=DAILY"},
    "rule with a start": {"rrule": "DTSTART:20240102T030405\nRRULE:FREQ=DAILY"},
    "rule with a start in UTC": {"rrule": "DTSTART:20240101T000000Z\nRRULE:FREQ=DAILY"},
    "frequent rule": {"rrule": "FREQ=MINUTELY;INTERVAL=7", "timezone": "Asia/Tokyo"},
    "frequent rule with a start": {"rrule": "DTSTART:20990101T000000\nFREQ=SECONDLY"},
    "frequent counted rule": {"rrule": "FREQ=MINUTELY;COUNT=5"},
    "set of rules": {"rrule": "RRULE:FREQ=DAILY\nEXDATE:20240101T000000"},
    "with parameters": {"cron": "1 1 * * *", "parameters": '{"a":null,"b":{}}'},
    "with a limit": {"cron": "2 2 * * *", "max_scheduled_runs": 2},
    "with a slug": {"cron": "3 3 * * *", "slug": "Mine & yours"},
}


def ids(made: Object) -> dict[str, str]:
    answer: dict[str, str] = made.outputs["schedule_ids"]
    return answer


def test_every_sort_of_schedule_comes_back_as_it_was_written(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """No diff after the create, nor after an update of each: none, whatever it says."""
    every = [{**timing, **OFF} for timing in TIMINGS.values()]
    made = world.servicer.create(DEPLOYMENT, {**wanted, "schedules": every})
    found = world.servicer.read(made)
    assert found is not None
    assert found.inputs == made.inputs
    assert found.outputs == made.outputs
    again = [{**schedule, "parameters": '{"x":1}'} for schedule in every]
    updated = world.servicer.update(made, {**wanted, "schedules": again})
    found = world.servicer.read(updated)
    assert found is not None
    assert found.inputs == updated.inputs
    assert ids(found) == ids(made)
    with world.recording() as calls:
        world.servicer.update(found, {**wanted, "schedules": [*reversed(again)]})
    assert writes(calls) == []


def test_a_limit_of_runs_costs_a_second_write_and_stays(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """The deployment's own endpoints drop it; an update of the deployment must not."""
    wanted |= {"schedules": [{"cron": "@daily", "max_scheduled_runs": 2, **OFF}]}
    with world.recording() as calls:
        made = world.servicer.create(DEPLOYMENT, wanted)
    assert writes(calls) == ["POST", "POST"]
    world.servicer.update(made, {**wanted, "tags": ["a"]})
    (schedule,) = live(world, made)["schedules"]
    assert schedule["max_scheduled_runs"] == 2


def test_a_limit_of_runs_can_be_unset(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """No PATCH unsets it, so that one schedule is made anew; the others stay."""
    limited = {"cron": "@daily", "slug": "a", "max_scheduled_runs": 2, **OFF}
    other = {"cron": "@daily", "slug": "b", **OFF}
    made = world.servicer.create(DEPLOYMENT, {**wanted, "schedules": [limited, other]})
    del limited["max_scheduled_runs"]
    free = world.servicer.update(made, {**wanted, "schedules": [limited, other]})
    found = world.servicer.read(free)
    assert found is not None
    assert found.inputs == free.inputs
    assert ids(found)["a"] != ids(made)["a"]
    assert ids(found)["b"] == ids(made)["b"]


def test_an_update_touches_only_the_schedules_that_change(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """One is changed in place, one goes, one comes, and one is left alone."""
    stays = {"cron": "@daily", "slug": "stays", "parameters": '{"n":1}', **OFF}
    changes = {"cron": "@daily", "slug": "changes", "parameters": '{"n":1}', **OFF}
    goes = {"interval": 60, "slug": "goes", **OFF}
    comes = {"interval": 60, "slug": "comes", **OFF}
    before = [stays, changes, goes]
    made = world.servicer.create(DEPLOYMENT, {**wanted, "schedules": before})
    after = [stays, {**changes, "cron": "@hourly"}, comes]
    with world.recording() as calls:
        updated = world.servicer.update(made, {**wanted, "schedules": after})
    assert sorted(writes(calls)) == ["DELETE", "PATCH", "POST"]
    found = world.servicer.read(updated)
    assert found is not None
    assert found.inputs == updated.inputs
    assert {k: v for k, v in ids(found).items() if k != "comes"} == {
        k: v for k, v in ids(made).items() if k != "goes"
    }


def test_an_unnamed_schedule_is_changed_in_place(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Its slug is not its timing, so another timing is the same schedule."""
    cron = {**wanted, "schedules": [{"cron": "0 9 * * *", **OFF}]}
    made = world.servicer.create(DEPLOYMENT, cron)
    later = {**wanted, "schedules": [{"cron": "0 10 * * *", **OFF}]}
    updated = world.servicer.update(made, later)
    assert ids(updated) == ids(made)
    assert list(ids(made)) == ["cron"]


def test_an_interval_is_never_anchored_at_now(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Every write would move the runs; the anchor is pinned instead."""
    hourly = {"interval": 3600, **OFF}
    made = world.servicer.create(DEPLOYMENT, {**wanted, "schedules": [hourly]})
    for changed in ({**hourly, "parameters": '{"n":1}'}, {**hourly, "interval": 60}):
        made = world.servicer.update(made, {**wanted, "schedules": [changed]})
        (schedule,) = live(world, made)["schedules"]
        assert schedule["schedule"]["anchor_date"].startswith("2020-01-01T00:00:00")


def test_an_omitted_active_is_the_apis_default(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """A schedule runs unless it says otherwise, when made and when changed."""
    wanted |= {"paused": True}
    daily = {**wanted, "schedules": [{"cron": "@daily", **OFF}]}
    made = world.servicer.create(DEPLOYMENT, daily)
    world.servicer.update(made, {**wanted, "schedules": [{"cron": "@daily"}]})
    (schedule,) = live(world, made)["schedules"]
    assert schedule["active"] is True


@pytest.mark.parametrize("refreshed", [False, True])
def test_a_schedule_deleted_by_hand_is_made_again(
    world: PrefectWorld, wanted: dict[str, Any], refreshed: bool
) -> None:
    """It shows as drift, and even unseen it does not stop the next update."""
    schedules: list[dict[str, Any]] = [
        {"cron": "@daily", **OFF},
        {"interval": 60, **OFF},
    ]
    made = world.servicer.create(DEPLOYMENT, {**wanted, "schedules": schedules})
    world.call("DELETE", f"/deployments/{made.id}/schedules/{ids(made)['cron']}")
    schedules[0]["cron"] = "@hourly"
    old = world.servicer.read(made) if refreshed else made
    assert old is not None
    assert (old.inputs == made.inputs) is not refreshed
    updated = world.servicer.update(old, {**wanted, "schedules": schedules})
    found = world.servicer.read(updated)
    assert found is not None
    assert found.inputs == updated.inputs


def test_a_schedule_made_by_hand_is_drift_and_goes(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """With a slug or without one, it is nothing that the program asked for."""
    inputs = {**wanted, "schedules": [{"cron": "@daily", **OFF}]}
    made = world.servicer.create(DEPLOYMENT, inputs)
    theirs = [
        {"schedule": {"cron": "@weekly"}, "active": False},
        {"schedule": {"interval": 60}, "slug": "theirs", "active": False},
    ]
    world.call("POST", f"/deployments/{made.id}/schedules", theirs)
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs)[0] == ["schedules"]
    world.servicer.update(drifted, inputs)
    found = world.servicer.read(made)
    assert found is not None
    assert found.inputs == made.inputs
    assert ids(found) == ids(made)


def test_schedules_without_slugs_are_recognised(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """A deployment that `prefect deploy` made is adopted without a write."""
    body = {
        "flow_id": wanted["flow_id"],
        "name": wanted["name"],
        "schedules": [
            {"schedule": {"cron": "0 9 * * *"}, "active": False},
            {"schedule": {"rrule": "FREQ=MINUTELY"}, "active": False},
            {"schedule": {"cron": "0 8 * * *"}, "active": False},
        ],
    }
    world.call("POST", "/deployments/", body)
    schedules = [
        {"cron": "0 8 * * *"},
        {"cron": "0 9 * * *"},
        {"rrule": "FREQ=MINUTELY"},
    ]
    inputs = {**wanted, "schedules": [{**schedule, **OFF} for schedule in schedules]}
    with world.recording() as calls:
        adopted = world.servicer.create(DEPLOYMENT, inputs)
    assert writes(calls) == []
    found = world.servicer.read(adopted)
    assert found is not None
    assert found.inputs == adopted.inputs
    schedules[0]["cron"] = "0 7 * * *"
    changed = world.servicer.update(adopted, inputs)
    assert ids(changed) == ids(adopted)
    found = world.servicer.read(changed)
    assert found is not None
    assert found.inputs == changed.inputs


def test_a_create_that_was_killed_half_way_is_finished(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Between its two writes a deployment has no schedules; the next run makes them."""
    wanted |= {"schedules": [{"cron": "@daily", "max_scheduled_runs": 2, **OFF}]}
    made = world.servicer.create(DEPLOYMENT, wanted)
    for id_ in ids(made).values():
        world.call("DELETE", f"/deployments/{made.id}/schedules/{id_}")
    again = world.another.create(DEPLOYMENT, wanted)
    assert again.id == made.id
    found = world.another.read(again)
    assert found is not None
    assert found.inputs == again.inputs


def test_a_lost_answer_to_new_schedules_makes_no_second_ones(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """The POST is sent again, and its conflict is its own first self."""
    made = world.servicer.create(DEPLOYMENT, wanted)
    world.lose_one_answer(lambda call: call.path.endswith("/schedules") and call.writes)
    inputs = {**wanted, "schedules": [{"cron": "@daily", **OFF}]}
    with world.recording() as calls:
        updated = world.servicer.update(made, inputs)
    assert [call.status for call in calls if call.writes] == [201, 409]
    found = world.servicer.read(updated)
    assert found is not None
    assert found.inputs == updated.inputs
    assert found.outputs == updated.outputs
