"""The schedules of a deployment, in the one form that the server's comes down to.

API: GET and POST /deployments/{id}/schedules, PATCH and DELETE below it.

What the server does to a schedule, and what is made of it here:

- an interval without an anchor is anchored at the moment of writing, so that every
  write moves its runs: the anchor is pinned, by default to Prefect's own 2020-01-01;
- a rule without a DTSTART gets one, and a high-frequency rule the latest that means
  the same: both are left away again;
- intervals come back as float seconds, naive anchors as UTC, lists in any order;
- PATCH resets parameters that are not sent, and cannot unset `max_scheduled_runs`:
  a schedule is always sent whole, and made anew in that one case.

A slug tells a schedule from its siblings. Where none is given it is the sort of
schedule, numbered from the second on in the order of what the schedules say (`cron`,
`cron-2`): a position in the list would make an insertion change every schedule after
it, and a hash of the timing would replace a schedule whose timing changes, instead of
updating it. Schedules made without slugs, as `prefect deploy` does, get the same ones
and are therefore recognised.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from components.kernel import (
    AlreadyExistsError,
    JsonObject,
    NotFoundError,
    Part,
    Wire,
    canonical_json,
)

from .recurrence import canonical_rrule, valid_cron, valid_rrule, valid_timezone

if TYPE_CHECKING:
    from .client import PrefectApi

# Where `prefect.schedules` and the server's rules count from.
ANCHOR: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SORTS: Final = ("cron", "interval", "rrule")
_SPAN: Final = TypeAdapter(timedelta)


def _seconds(value: object) -> object:
    """Round to microseconds, as the server does; a text is read as ISO 8601 too."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, str):
        with contextlib.suppress(ValidationError):
            return _SPAN.validate_python(value).total_seconds()
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return timedelta(seconds=value).total_seconds()  # type: ignore[arg-type]
    return value


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


class Schedule(Part):
    """When a deployment runs: exactly one of `cron`, `interval` and `rrule`.

    Attributes:
        cron: A cron expression, such as `0 9 * * 1-5`.
        interval: Seconds (or a timedelta) between two runs.
        rrule: A recurrence rule of RFC 5545, such as `FREQ=DAILY;BYHOUR=9`.
        anchor_date: What an interval counts from; UTC unless it says otherwise.
            2020-01-01 by default, so that runs fall on round times.
        timezone: An IANA name, such as `Europe/Berlin`; UTC by default.
        day_or: Whether cron runs when either of day and weekday matches (the default)
            or only when both do.
        active: Whether it makes runs.
        parameters: Parameters of its runs, over those of the deployment.
        max_scheduled_runs: How many runs it makes ahead; the server's choice if None.
        slug: What tells it from the deployment's other schedules; see the module.
    """

    cron: Annotated[str, AfterValidator(valid_cron)] | None = None
    interval: (
        Annotated[
            float | timedelta,
            BeforeValidator(_seconds),
            # Beyond 30 years a float cannot tell microseconds apart any more.
            Field(gt=0, lt=1e9),
        ]
        | None
    ) = None
    rrule: Annotated[str, AfterValidator(valid_rrule)] | None = None
    anchor_date: Annotated[datetime, AfterValidator(_in_utc)] | None = None
    timezone: Annotated[str, AfterValidator(valid_timezone)] | None = None
    day_or: bool | None = None
    active: bool = True
    parameters: JsonObject = Field(default_factory=dict)
    max_scheduled_runs: Annotated[int, Field(gt=0)] | None = None
    slug: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_sort(self) -> Self:
        given = [sort for sort in _SORTS if getattr(self, sort) is not None]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'none of cron, interval and rrule'}; "
                f"give it exactly one of the three"
            )
        for field, sort in (("anchor_date", "interval"), ("day_or", "cron")):
            if getattr(self, field) is not None and given != [sort]:
                raise ValueError(f"has {field}, which only {sort} knows; remove it")
        return self

    @property
    def sort(self) -> str:
        """Say which sort of schedule it is."""
        return next(sort for sort in _SORTS if getattr(self, sort) is not None)


def _total(schedule: Schedule) -> Schedule:
    """Fill in what the server would; see the module."""
    match schedule.sort:
        case "cron":
            filled: dict[str, Any] = {"day_or": schedule.day_or is not False}
        case "interval":
            filled = {
                "anchor_date": schedule.anchor_date or ANCHOR,
                "timezone": schedule.timezone or "UTC",
            }
        case _:
            zone = schedule.timezone or "UTC"
            rule = canonical_rrule(schedule.rrule or "", zone)
            filled = {"rrule": rule, "timezone": zone}
    return schedule.model_copy(update=filled)


def named(schedules: Iterable[Schedule]) -> list[Schedule]:
    """Return the same schedules, each total and with a slug of its own."""
    total = [_total(schedule) for schedule in schedules]
    taken = {schedule.slug for schedule in total}
    slugs: dict[int, str] = {}
    for place in sorted(range(len(total)), key=lambda i: _rank(total[i])):
        if total[place].slug is None:
            slugs[place] = _free(total[place].sort, taken)
            taken.add(slugs[place])
    return [
        schedule.model_copy(update={"slug": slugs.get(place, schedule.slug)})
        for place, schedule in enumerate(total)
    ]


def _rank(schedule: Schedule) -> tuple[str, str]:
    wire = to_wire(schedule)
    return canonical_json(wire.pop("schedule")), canonical_json(wire)


def _free(sort: str, taken: set[str | None]) -> str:
    number = 1
    while (slug := sort if number == 1 else f"{sort}-{number}") in taken:
        number += 1
    return slug


def _canonical(schedules: tuple[Schedule, ...]) -> tuple[Schedule, ...]:
    result = sorted(named(schedules), key=lambda schedule: schedule.slug or "")
    slugs = [schedule.slug for schedule in result]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise ValueError(f"two have the slug '{slug}'; give each one of its own")
    return tuple(result)


Schedules: TypeAlias = Annotated[tuple[Schedule, ...], AfterValidator(_canonical)]
"""The schedules of a deployment; their order means nothing."""


def to_wire(schedule: Schedule) -> Wire:
    """Write a schedule as the API takes it."""
    match schedule.sort:
        case "cron":
            timing: Wire = {"cron": schedule.cron, "day_or": schedule.day_or}
        case "interval":
            anchor = schedule.anchor_date
            timing = {
                "interval": schedule.interval,
                "anchor_date": anchor.isoformat() if anchor else None,
            }
        case _:
            timing = {"rrule": schedule.rrule}
    return {
        "schedule": timing | {"timezone": schedule.timezone},
        "active": schedule.active,
        "parameters": schedule.parameters,
        "max_scheduled_runs": schedule.max_scheduled_runs,
        "slug": schedule.slug,
    }


def from_wire(wire: Wire) -> Schedule:
    """Read a schedule as the API gives it; without a slug, if it has none."""
    timing = {k: v for k, v in wire["schedule"].items() if v not in (None, "")}
    return Schedule(
        **timing,
        active=wire["active"],
        parameters=wire["parameters"] or {},
        max_scheduled_runs=wire["max_scheduled_runs"],
        slug=wire["slug"] or None,
    )


def from_wires(wires: Iterable[Wire]) -> dict[UUID, Schedule]:
    """Read the schedules of one deployment by id, each total and with a slug."""
    given = list(wires)
    schedules = named(from_wire(wire) for wire in given)
    return {
        UUID(wire["id"]): schedule
        for wire, schedule in zip(given, schedules, strict=True)
    }


def by_slug(schedules: Mapping[UUID, Schedule]) -> dict[str, UUID]:
    """Return the ids by slug, in the order of the slugs."""
    return {
        s.slug or "": id_
        for id_, s in sorted(schedules.items(), key=lambda item: item[1].slug or "")
    }


def reconcile(
    api: PrefectApi, deployment_id: UUID, wanted: Iterable[Schedule]
) -> dict[str, UUID]:
    """Make a deployment's schedules what is wanted, and return their ids.

    It starts from what is really there, so that it can be repeated after any failure;
    and a schedule that is as wanted is not touched, because every write deletes the
    runs that were scheduled ahead.
    """
    path = f"/deployments/{deployment_id}/schedules"
    live = from_wires(api.get(path))
    there = {schedule.slug: id_ for id_, schedule in live.items()}
    kept: dict[UUID, Schedule] = {}
    new: list[Wire] = []
    for schedule in wanted:
        id_ = there.get(schedule.slug)
        if id_ is None or _must_be_made_anew(live[id_], schedule):
            new.append(to_wire(schedule))
            continue
        kept[id_] = schedule
        body = to_wire(schedule)
        if canonical_json(body) != canonical_json(to_wire(live[id_])):
            api.patch(f"{path}/{id_}", body)
    for gone in live.keys() - kept.keys():
        with contextlib.suppress(NotFoundError):
            api.delete(f"{path}/{gone}")
    if not new:
        return by_slug(kept)
    try:
        return by_slug(kept | from_wires(api.post(path, new)))
    except AlreadyExistsError:
        # They were not there a moment ago: the first answer to this POST was lost.
        return by_slug(from_wires(api.get(path)))


def _must_be_made_anew(live: Schedule, wanted: Schedule) -> bool:
    return live.max_scheduled_runs is not None and wanted.max_scheduled_runs is None


def brief(schedules: Iterable[Schedule]) -> list[dict[str, Any]]:
    """Write canonical schedules without what they would be given anyway."""
    given = tuple(schedules)
    written = [_without_the_usual(schedule) for schedule in given]
    unnamed = [{k: v for k, v in s.items() if k != "slug"} for s in written]
    again = _canonical(tuple(Schedule(**schedule) for schedule in unnamed))
    return unnamed if again == given else written


def _without_the_usual(schedule: Schedule) -> dict[str, Any]:
    written = schedule.model_dump(mode="json", exclude_defaults=True)
    usual = {"day_or": True, "timezone": "UTC"}
    if schedule.anchor_date == ANCHOR:
        del written["anchor_date"]
    if schedule.sort == "cron":
        del usual["timezone"]
    return {k: v for k, v in written.items() if k not in usual or v != usual[k]}
