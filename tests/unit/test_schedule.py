"""Schedules: one canonical form, whatever the server makes of what it is sent."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.prefect.recurrence import canonical_rrule
from components.prefect.schedule import (
    Schedule,
    Schedules,
    by_slug,
    from_wires,
    to_wire,
)
from tests.unit.kernel.values import JSON_OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable

CANONICAL: TypeAdapter[tuple[Schedule, ...]] = TypeAdapter(Schedules)
CRONS = ["0 9 * * 1-5", "@daily", "*/5 * 1,15 * SUN#2", "0 0 L * *", "59 23 31 12 0"]
RULES = [
    "FREQ=DAILY;BYHOUR=9",
    "RRULE:FREQ=WEEKLY;COUNT=3",
    "FREQ=MINUTELY;INTERVAL=7",
    "freq=secondly",
    "FREQ=MINUTELY;COUNT=9",
    "DTSTART:20200101T000000\nRRULE:FREQ=MONTHLY",
    "DTSTART:20240101T000000\nFREQ=MINUTELY",
    "DTSTART:20990101T000000\nFREQ=MINUTELY",
    "DTSTART:20240101T000000Z\nFREQ=HOURLY",
    "RRULE:FREQ=DAILY\nEXDATE:20240101T000000",
]
ZONES = st.none() | st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"])

COMMON: dict[str, st.SearchStrategy[Any]] = {
    "active": st.booleans(),
    "parameters": JSON_OBJECTS,
    "max_scheduled_runs": st.integers(1, 50),
}
INTERVALS = st.floats(1e-6, 1e8) | st.timedeltas(timedelta(seconds=1), timedelta(9999))
# Naive ones are allowed.
PLACES: Any = st.none() | st.sampled_from([UTC, ZoneInfo("Asia/Kolkata")])
ANCHORS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=PLACES)  # noqa: DTZ001


def _made(
    timing: dict[str, st.SearchStrategy[Any]],
    **optional: st.SearchStrategy[Any],
) -> st.SearchStrategy[Schedule]:
    required = {**timing, "timezone": ZONES}
    return st.fixed_dictionaries(required, optional=optional | COMMON).map(
        lambda fields: Schedule(**fields)
    )


SCHEDULES = st.lists(
    st.one_of(
        _made({"cron": st.sampled_from(CRONS)}, day_or=st.booleans()),
        _made({"interval": INTERVALS}, anchor_date=ANCHORS),
        _made({"rrule": st.sampled_from(RULES)}),
    ),
    max_size=5,
)


def stored(schedules: Iterable[Schedule]) -> list[dict[str, Any]]:
    """Return what the server answers: its own models, which the client has too."""
    model = _server_model()
    return [
        {
            "id": f"00000000-0000-0000-0000-{number:012}",
            **model.model_validate(to_wire(schedule)).model_dump(mode="json"),
        }
        for number, schedule in enumerate(schedules)
    ]


@functools.cache
def _server_model() -> Any:
    from prefect.client.schemas.actions import (  # noqa: PLC0415  # takes two seconds
        DeploymentScheduleCreate,
    )

    return DeploymentScheduleCreate


@given(SCHEDULES)
def test_the_canonical_form_is_the_form_of_itself(schedules: list[Schedule]) -> None:
    """Checking twice is checking once."""
    once = CANONICAL.validate_python(schedules)
    assert CANONICAL.validate_python(once) == once


@given(SCHEDULES)
def test_what_the_server_makes_of_a_schedule_is_read_back(
    schedules: list[Schedule],
) -> None:
    """Wire and model are inverses, through Prefect's own normal forms."""
    wanted = CANONICAL.validate_python(schedules)
    found = from_wires(reversed(stored(wanted)))
    assert CANONICAL.validate_python(list(found.values())) == wanted
    assert list(by_slug(found)) == [schedule.slug for schedule in wanted]


@given(SCHEDULES, st.randoms())
def test_the_order_of_schedules_means_nothing(
    schedules: list[Schedule], random: Any
) -> None:
    """Slugs that are made up do not depend on it either."""
    shuffled = random.sample(schedules, len(schedules))
    wanted = CANONICAL.validate_python(schedules)
    assert CANONICAL.validate_python(shuffled) == wanted


def test_made_up_slugs_keep_clear_of_given_ones() -> None:
    """A slug that the program gives is never taken by a schedule without one."""
    given_one = Schedule(cron="@daily", slug="cron")
    slugs = [
        schedule.slug
        for schedule in CANONICAL.validate_python(
            [Schedule(cron="@weekly"), given_one, Schedule(interval=60)]
        )
    ]
    assert slugs == ["cron", "cron-2", "interval"]


def test_one_slug_twice_is_refused() -> None:
    """The server would answer with a conflict, half-way through."""
    twice = [Schedule(cron="@daily", slug="x"), Schedule(interval=1, slug="x")]
    with pytest.raises(ValidationError, match="two have the slug 'x'"):
        CANONICAL.validate_python(twice)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "none of cron, interval and rrule"),
        ({"cron": "@daily", "interval": 1}, "has cron and interval"),
        ({"cron": "@daily", "anchor_date": "2024-01-01"}, "which only interval knows"),
        ({"interval": 1, "day_or": True}, "which only cron knows"),
        ({"cron": "daily"}, "'daily' is not a cron expression"),
        ({"cron": "H * * * *"}, "hashed or random"),
        ({"interval": 0}, "greater than 0"),
        ({"interval": float("nan")}, "greater than 0"),
        ({"interval": float("inf")}, "less than 1000000000"),
        ({"interval": timedelta(days=20000)}, "less than 1000000000"),
        ({"interval": "hourly"}, "valid number"),
        ({"rrule": "FREQ=SOMETIMES"}, "is not a recurrence rule"),
        ({"rrule": "FREQ=DAILY;" + "BYHOUR=1;" * 800}, "Prefect takes 6500"),
        ({"cron": "@daily", "timezone": "Mars"}, "'Mars' is not a timezone"),
        ({"cron": "@daily", "timezone": "../UTC"}, "is not a timezone"),
        ({"cron": "@daily", "max_scheduled_runs": 0}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_said_at_preview(wrong: dict[str, Any], told: str) -> None:
    """Each in a sentence that says what would be right."""
    with pytest.raises(ValidationError, match=told):
        Schedule(**wrong)


@pytest.mark.parametrize(
    ("rule", "canonical"),
    [
        ("DTSTART:20200101T000000\nFREQ=DAILY", "FREQ=DAILY"),
        ("DTSTART:20200101T000500\nFREQ=MINUTELY;INTERVAL=5", None),
        ("DTSTART:20200101T000501\nFREQ=MINUTELY;INTERVAL=5", ...),
        ("DTSTART:20990101T000000\nFREQ=MINUTELY", ...),
        ("DTSTART:20240101T000000\nFREQ=MINUTELY;COUNT=3", ...),
        ("DTSTART:20240101T000000\nFREQ=HOURLY", ...),
        ("DTSTART:20240101T000000\nFREQ=SECONDLY\nEXDATE:20250101T000000", ...),
    ],
)
def test_only_a_start_that_says_nothing_is_left_away(rule: str, canonical: Any) -> None:
    """A start that decides when runs are made is the user's, and stays."""
    rest = rule.partition("\n")[2]
    expected = rule if canonical is ... else rest
    assert canonical_rrule(rule, "Asia/Tokyo") == expected
