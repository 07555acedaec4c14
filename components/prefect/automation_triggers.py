"""The triggers of an automation.

Sources: prefect.server.events.schemas.automations, and prefect.events for the metric
trigger, which Prefect Cloud alone has.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    model_validator,
)

from .automation_parts import Events, Rule, Seconds

# The server's own: a proactive trigger waits so long at least, and by default.
PROACTIVE: Final = timedelta(seconds=10)
METRIC: Final = timedelta(minutes=5)

Labels: TypeAlias = dict[str, str | list[str]]


def _one_empty(labels: Any) -> Any:
    """Take an empty list of alternatives for an empty object: both match all."""
    return {} if labels == [] else labels


class ResourceTrigger(Rule):
    """What triggers on resources by their labels have in common."""

    match: Labels = Field(default={})
    match_related: Annotated[Labels | list[Labels], BeforeValidator(_one_empty)] = (
        Field(default={})
    )


class EventTrigger(ResourceTrigger):
    """Fires on the presence (Reactive) or the absence (Proactive) of events."""

    type: Literal["event"]
    posture: Literal["Reactive", "Proactive"]
    expect: Events
    after: Events
    for_each: Events
    threshold: int = 1
    within: Seconds = timedelta(0)

    @model_validator(mode="before")
    @classmethod
    def _wait_when_proactive(cls, given: Any) -> Any:
        match given:
            case {"posture": "Proactive"} if given.get("within", 0) == 0:
                return {**given, "within": PROACTIVE}
        return given

    @model_validator(mode="after")
    def _wait_long_enough(self) -> Self:
        if self.posture == "Proactive" and self.within < PROACTIVE:
            raise ValueError(
                f"should have `within` at {PROACTIVE.seconds} seconds or more, because "
                f"it is Proactive"
            )
        return self


def _five_minutes(span: timedelta) -> timedelta:
    if span < METRIC:
        raise ValueError(f"should be {METRIC.seconds} seconds or more")
    return span


class MetricQuery(Rule):
    """What a metric trigger looks at."""

    name: Literal["lateness", "duration", "successes"]
    operator: Literal["<", "<=", ">", ">="]
    threshold: float
    range: Annotated[Seconds, AfterValidator(_five_minutes)] = METRIC
    firing_for: Annotated[Seconds, AfterValidator(_five_minutes)] = METRIC


class MetricTrigger(ResourceTrigger):
    """Fires when a metric crosses a threshold; Prefect Cloud only."""

    type: Literal["metric"]
    posture: Literal["Metric"] = "Metric"
    metric: MetricQuery


class CompositeTrigger(Rule):
    """What triggers made of others have in common."""

    triggers: Annotated[list[Trigger], Field(min_length=1)]
    within: Seconds | None = None


class SequenceTrigger(CompositeTrigger):
    """Fires when its triggers have fired in their order."""

    type: Literal["sequence"]


class CompoundTrigger(CompositeTrigger):
    """Fires when so many of its triggers have fired, in whatever order."""

    type: Literal["compound"]
    require: Literal["any", "all"] | Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _have_enough(self) -> Self:
        if isinstance(self.require, int) and self.require > len(self.triggers):
            raise ValueError(
                f"requires {self.require} of its triggers, but has {len(self.triggers)}"
            )
        return self


Trigger: TypeAlias = Annotated[
    EventTrigger | MetricTrigger | SequenceTrigger | CompoundTrigger,
    Field(discriminator="type"),
]
SequenceTrigger.model_rebuild()
CompoundTrigger.model_rebuild()

TRIGGER: Final[TypeAdapter[Any]] = TypeAdapter(Trigger)
