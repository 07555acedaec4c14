"""Field types that several kinds of a workspace share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, Field, JsonValue

from components.kernel import JsonObject

# The server labels objects by itself under this prefix.
SYSTEM_LABELS: Final = "prefect."

EntityName: TypeAlias = Annotated[str, Field(pattern=r"^[^/%&><]+$")]
"""A name as Prefect takes it; the API answers a slash with a dropped connection."""


def _flat(labels: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for key, value in labels.items():
        if key.startswith(SYSTEM_LABELS):
            raise ValueError(f"'{key}' is Prefect's own to set; choose another prefix")
        if not isinstance(value, str | int | float):
            raise ValueError(f"'{key}' must be a string, a number or a boolean")  # noqa: TRY004  # pydantic reports no TypeError
    return labels


Labels: TypeAlias = Annotated[JsonObject, AfterValidator(_flat)]
"""Facts about an object: strings, numbers and booleans by key."""


def own_labels(wire: Mapping[str, Any] | None) -> dict[str, JsonValue]:
    """Return the labels that somebody gave, without those the server adds."""
    given = wire or {}
    return {k: v for k, v in given.items() if not k.startswith(SYSTEM_LABELS)}
