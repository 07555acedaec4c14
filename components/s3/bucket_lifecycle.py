"""What a bucket does by itself with objects that grow old.

Days are counted from an object's creation, for old versions from when they were
replaced. Quirks: AWS takes `Days` beside `ExpiredObjectDeleteMarker` for an error, a
filter of two things must stand in `And`, and one of none is `{"Prefix": ""}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import Field

from components.kernel import Location, Part, Wire

Positive = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
_ACTIONS: Final = (
    "expire_after_days",
    "expire_delete_markers",
    "noncurrent_expire_after_days",
    "abort_uploads_after_days",
    "transitions",
    "noncurrent_transitions",
)
_KNOWN: Final = {
    "ID",
    "Status",
    "Filter",
    "Prefix",
    "Expiration",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
    "Transitions",
    "NoncurrentVersionTransitions",
}


class LifecycleRule(Part):
    """One rule.

    Attributes:
        enabled: Whether it is followed.
        prefix: Only objects whose keys begin so; all if empty.
        tags: Only objects that have all of these.
        larger_than: Only objects of more bytes.
        smaller_than: Only objects of fewer bytes.
        expire_after_days: Delete objects; where there are versions, make them old.
        expire_delete_markers: Remove the markers of deletions that hide nothing.
        noncurrent_expire_after_days: Delete old versions.
        noncurrent_keep: How many of them to keep nevertheless.
        abort_uploads_after_days: Give up uploads that were begun and never ended.
        transitions: Storage class → after how many days objects go there.
        noncurrent_transitions: The same of old versions.
    """

    enabled: bool = True
    prefix: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    larger_than: Natural | None = None
    smaller_than: Positive | None = None
    expire_after_days: Positive | None = None
    expire_delete_markers: bool = False
    noncurrent_expire_after_days: Positive | None = None
    noncurrent_keep: Annotated[int, Field(ge=1, le=100)] | None = None
    abort_uploads_after_days: Positive | None = None
    transitions: dict[str, Natural] = Field(default_factory=dict)
    noncurrent_transitions: dict[str, Natural] = Field(default_factory=dict)


def rules_broken(rules: dict[str, LifecycleRule]) -> Iterable[tuple[Location, str]]:
    """Yield where rules say what AWS would refuse."""
    for name, rule in rules.items():
        at = ("lifecycle", name)
        if not any(getattr(rule, action) for action in _ACTIONS):
            yield at, "does nothing; give it something to do, or remove it"
        if rule.expire_delete_markers and rule.expire_after_days:
            yield (
                (*at, "expire_delete_markers"),
                "is done by a rule with expire_after_days anyway; remove one of them",
            )
        if rule.noncurrent_keep and not rule.noncurrent_expire_after_days:
            yield (
                (*at, "noncurrent_keep"),
                "needs noncurrent_expire_after_days; set it",
            )
        picky = rule.tags or rule.larger_than is not None or rule.smaller_than
        for field in ("abort_uploads_after_days", "expire_delete_markers"):
            if picky and getattr(rule, field):
                yield (
                    (*at, field),
                    "cannot go by tags or sizes; make it a rule of its own",
                )


def rule_to_wire(name: str, rule: LifecycleRule) -> Wire:
    """Write a rule."""
    wire: Wire = {
        "ID": name,
        "Status": "Enabled" if rule.enabled else "Disabled",
        "Filter": _filter(rule),
    }
    if rule.expire_after_days is not None:
        wire["Expiration"] = {"Days": rule.expire_after_days}
    elif rule.expire_delete_markers:
        wire["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if rule.noncurrent_expire_after_days is not None:
        wire["NoncurrentVersionExpiration"] = _without_none(
            NoncurrentDays=rule.noncurrent_expire_after_days,
            NewerNoncurrentVersions=rule.noncurrent_keep,
        )
    if rule.abort_uploads_after_days is not None:
        wire["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": rule.abort_uploads_after_days
        }
    if rule.transitions:
        wire["Transitions"] = [
            {"Days": days, "StorageClass": where}
            for where, days in sorted(rule.transitions.items())
        ]
    if rule.noncurrent_transitions:
        wire["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": days, "StorageClass": where}
            for where, days in sorted(rule.noncurrent_transitions.items())
        ]
    return wire


def rule_from_wire(wire: Wire) -> tuple[str, LifecycleRule]:
    """Read a rule, and its name.

    Raises:
        ValueError: It goes by dates, or otherwise by what a `LifecycleRule` cannot say.
    """
    chosen = wire.get("Filter") or {"Prefix": wire.get("Prefix", "")}
    chosen = {**chosen, **chosen.get("And", {})}
    tags = [*chosen.get("Tags", ()), *([chosen["Tag"]] if "Tag" in chosen else ())]
    expires, old = wire.get("Expiration", {}), wire.get("NoncurrentVersionExpiration")
    rule = LifecycleRule(
        enabled=wire["Status"] == "Enabled",
        prefix=chosen.get("Prefix", ""),
        tags={tag["Key"]: tag["Value"] for tag in tags},
        larger_than=chosen.get("ObjectSizeGreaterThan"),
        smaller_than=chosen.get("ObjectSizeLessThan"),
        expire_after_days=expires.get("Days"),
        expire_delete_markers=expires.get("ExpiredObjectDeleteMarker", False),
        noncurrent_expire_after_days=(old or {}).get("NoncurrentDays"),
        noncurrent_keep=(old or {}).get("NewerNoncurrentVersions"),
        abort_uploads_after_days=wire.get("AbortIncompleteMultipartUpload", {}).get(
            "DaysAfterInitiation"
        ),
        transitions={
            one["StorageClass"]: one["Days"] for one in wire.get("Transitions", ())
        },
        noncurrent_transitions={
            one["StorageClass"]: one["NoncurrentDays"]
            for one in wire.get("NoncurrentVersionTransitions", ())
        },
    )
    kept = any(
        "NewerNoncurrentVersions" in one
        for one in wire.get("NoncurrentVersionTransitions", ())
    )
    if wire.keys() - _KNOWN or "Date" in expires or kept:
        raise ValueError("the rule says more than flowground's do")
    return wire["ID"], rule


def _filter(rule: LifecycleRule) -> Wire:
    wanted: Wire = _without_none(
        Prefix=rule.prefix or None,
        ObjectSizeGreaterThan=rule.larger_than,
        ObjectSizeLessThan=rule.smaller_than,
    )
    tags = [{"Key": key, "Value": value} for key, value in sorted(rule.tags.items())]
    if len(wanted) + len(tags) > 1:
        return {"And": {**wanted, "Tags": tags} if tags else wanted}
    if tags:
        return {"Tag": tags[0]}
    return wanted or {"Prefix": ""}


def _without_none(**given: Any) -> Wire:
    return {key: value for key, value in given.items() if value is not None}
