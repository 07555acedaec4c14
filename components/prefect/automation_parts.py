"""What the triggers and the actions of an automation are made of.

The server fills defaults in, numbers triggers anew at every write, and gives sets of
events back in no order. So there is one form, without defaults, that both what a user
writes (`canonical`) and what the server answers (`as_read`) are brought into, and
`whole` writes it out in full.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from components.kernel import Part


class Rule(Part):
    """A trigger, an action, or a part of one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def canonical(rule: TypeAdapter[Any], written: JsonValue) -> Any:
    """Bring what a user writes into its one form.

    Raises:
        pydantic.ValidationError: It is not such a rule.
    """
    return rule.dump_python(
        rule.validate_python(written), mode="json", exclude_defaults=True
    )


def as_read(rule: TypeAdapter[Any], answered: JsonValue) -> Any:
    """Bring what the server answers into the same form.

    What newer servers add to a rule is left out; what is no rule of ours stays as it
    is, to show as drift.
    """
    try:
        known = rule.validate_python(answered, extra="ignore")
    except ValidationError:
        return answered
    return rule.dump_python(known, mode="json", exclude_defaults=True)


def whole(rule: TypeAdapter[Any], form: JsonValue) -> Any:
    """Write the one form out in full, so that no server's defaults matter."""
    return rule.dump_python(rule.validate_python(form), mode="json")


def _not_negative(span: timedelta) -> timedelta:
    if span < timedelta(0):
        raise ValueError("should not be negative")
    return span


def _sorted(names: list[str]) -> list[str]:
    return sorted(set(names))


def _or_none(given: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    return given or None


Seconds: TypeAlias = Annotated[
    timedelta, AfterValidator(_not_negative), PlainSerializer(timedelta.total_seconds)
]
"""A time span: a number of seconds, or ISO 8601 (`PT1H`)."""

Events: TypeAlias = Annotated[list[str], AfterValidator(_sorted), Field(default=[])]
"""A set of names, in one order."""

Values: TypeAlias = Annotated[
    dict[str, JsonValue] | None, AfterValidator(_or_none), Field(default=None)
]
"""Values by name; none at all is the same as no object, here and to the server."""
