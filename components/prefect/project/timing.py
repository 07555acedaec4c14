"""The schedules of a prefect.yaml as a deployment takes them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from components.kernel.check import Failure, failures_of
from components.prefect.schedule import Schedule

from .load import below
from .templating import fill, holds_output

if TYPE_CHECKING:
    from components.kernel import Location

    from .model import DeploymentEntry, ScheduleEntry
    from .templating import Meaning

_SPAN = TypeAdapter(timedelta)


def read_schedules(
    entry: DeploymentEntry,
    means: Meaning,
    *,
    run: bool,
    path: Location,
    faults: list[Failure],
) -> list[dict[str, Any]]:
    """Read a deployment's schedules.

    Args:
        entry: The deployment.
        means: What placeholders mean.
        run: Whether schedules run; if not, all are inactive.
        path: Where the deployment stands in the file.
        faults: Gets what is wrong.
    """
    given: list[tuple[Location, ScheduleEntry]] = [
        (("schedules", i), one) for i, one in enumerate(entry.schedules)
    ]
    if entry.schedule:
        given.append((("schedule",), entry.schedule))
        if entry.schedules:
            faults.extend(
                below(
                    (*path, "schedule"),
                    [Failure("", "is set beside `schedules`; keep the latter")],
                )
            )
    result: list[dict[str, Any]] = []
    for place, one in given:
        at = (*path, *place)
        # `replaces` is a step from one slug to the next, and no state: the slug that
        # is not wanted any more goes, and the new one comes.
        written = one.model_dump(exclude_unset=True, exclude={"replaces"})
        filled = {
            key: value
            for key, value in fill(written, means, at, faults).items()
            if value is not None
        }
        schedule = _canonical(filled)
        if not run:
            schedule["active"] = False
        if not holds_output(schedule):
            try:
                Schedule.model_validate(schedule)
            except ValidationError as error:
                faults.extend(below(at, failures_of(error, schedule)))
        result.append(schedule)
    return result


def _canonical(schedule: dict[str, Any]) -> dict[str, Any]:
    """Read what Prefect takes beside the plain forms."""
    match schedule:
        case {"interval": str(text)}:
            try:
                seconds = _SPAN.validate_python(_number(text)).total_seconds()
            except ValidationError:
                return schedule
            return {**schedule, "interval": seconds}
        case {"rrule": str(text)} if text.lstrip().startswith("{"):
            try:
                return {
                    **json.loads(text),
                    **schedule,
                    "rrule": json.loads(text)["rrule"],
                }
            except (ValueError, KeyError):
                return schedule
    return schedule


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
