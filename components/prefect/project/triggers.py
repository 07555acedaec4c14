"""A deployment's triggers as automations.

`prefect deploy` deletes and makes them anew each time; here each is a resource, told
from the others by its name, and so keeps its id and its history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError

from components.kernel.check import Failure, failures_of
from components.prefect.automation_parts import canonical
from components.prefect.automation_triggers import TRIGGER

from .load import below
from .templating import Meanings, fill, holds_output

if TYPE_CHECKING:
    from components.kernel import Location

# What belongs to the automation and its one action; the rest is the trigger itself.
_OF_AUTOMATION: Final = ("name", "description", "enabled")
_OF_ACTION: Final = ("parameters", "job_variables", "schedule_after")


class Trigger(NamedTuple):
    """One automation, but for the id of the deployment that it runs."""

    name: str
    automation: dict[str, Any]
    trigger: dict[str, Any]
    action: dict[str, Any]


def read_trigger(
    spec: dict[str, Any],
    default_name: str,
    meanings: Meanings,
    path: Location,
    faults: list[Failure],
) -> Trigger:
    """Read one trigger of the file.

    Args:
        spec: As the file has it.
        default_name: The automation's name if it is given none.
        meanings: What its placeholders mean.
        path: Where it stands in the file.
        faults: Gets what is wrong.
    """
    parts: dict[str, Any] = {}
    for key, value in spec.items():
        means = {"name": meanings.at_preview, "parameters": meanings.by_event}
        parts[key] = fill(value, means.get(key, meanings.now), (*path, key), faults)
    trigger = typed(
        {k: v for k, v in parts.items() if k not in (*_OF_AUTOMATION, *_OF_ACTION)}
    )
    if not holds_output(trigger):
        try:
            canonical(TRIGGER, trigger)
        except ValidationError as error:
            faults.extend(below(path, failures_of(error, trigger)))
    return Trigger(
        name=str(parts.get("name") or default_name),
        automation={
            k: parts[k] for k in _OF_AUTOMATION[1:] if parts.get(k) is not None
        },
        trigger=trigger,
        action={k: parts[k] for k in _OF_ACTION if parts.get(k) is not None},
    )


def typed(trigger: dict[str, Any]) -> dict[str, Any]:
    """Fill in the type and the posture, at every depth, as Prefect infers them."""
    if trigger.get("posture") == "Metric":
        inferred = "metric"
    elif "triggers" in trigger:
        inferred = "compound" if "require" in trigger else "sequence"
    else:
        inferred = "event"
    whole = {"type": inferred, **trigger}
    if whole["type"] == "event":
        whole = {"posture": "Reactive", **whole}
    if isinstance(inner := trigger.get("triggers"), list):
        whole["triggers"] = [
            typed(one) if isinstance(one, dict) else one for one in inner
        ]
    return whole
