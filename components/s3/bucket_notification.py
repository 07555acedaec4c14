"""Whom a bucket tells of what happens to its objects.

A bucket has one list of them all, which is always written as a whole. Quirk: AWS gives
the names of filters back as `Prefix` and `Suffix`, however they were written.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from components.kernel import Names, Part, Wire

# The service in a target's ARN: the list that it stands in, and how it is called there.
_TARGETS: Final = {
    "sqs": ("QueueConfigurations", "QueueArn"),
    "sns": ("TopicConfigurations", "TopicArn"),
    "lambda": ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
}
_EVENT_BRIDGE: Final = "EventBridgeConfiguration"


def _target(arn: str) -> str:
    if _service(arn) not in _TARGETS:
        raise ValueError(
            "is no target; give the ARN of a queue, a topic or a Lambda function"
        )
    return arn


def _service(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[2] if len(parts) == 6 and parts[0] == "arn" else ""


class Notification(Part):
    """What is told to one target.

    Attributes:
        target: The ARN of an SQS queue, an SNS topic or a Lambda function, which must
            let S3 send to it.
        events: Which, as `s3:ObjectCreated:*`.
        prefix: Only of objects whose keys begin so.
        suffix: Only of objects whose keys end so.
    """

    target: Annotated[str, AfterValidator(_target)]
    events: Annotated[Names, Field(min_length=1)]
    prefix: str = ""
    suffix: str = ""


def notifications_to_wire(
    notifications: dict[str, Notification], *, event_bridge: bool
) -> Wire:
    """Write all that a bucket tells."""
    wire: Wire = {_EVENT_BRIDGE: {}} if event_bridge else {}
    for name, one in sorted(notifications.items()):
        listed, called = _TARGETS[_service(one.target)]
        entry: Wire = {"Id": name, called: one.target, "Events": sorted(one.events)}
        filters = [
            {"Name": sort, "Value": value}
            for sort in ("prefix", "suffix")
            if (value := getattr(one, sort))
        ]
        if filters:
            entry["Filter"] = {"Key": {"FilterRules": filters}}
        wire.setdefault(listed, []).append(entry)
    return wire


def notifications_from_wire(wire: Wire) -> tuple[dict[str, Notification], bool]:
    """Read all that a bucket tells: the inverse of `notifications_to_wire`."""
    found = {
        entry["Id"]: Notification(
            target=entry[called],
            events=frozenset(entry["Events"]),
            **{
                rule["Name"].lower(): rule["Value"]
                for rule in entry.get("Filter", {})
                .get("Key", {})
                .get("FilterRules", ())
            },
        )
        for listed, called in _TARGETS.values()
        for entry in wire.get(listed, ())
    }
    return found, _EVENT_BRIDGE in wire
