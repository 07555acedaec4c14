"""Discovered settings, added to those that a stack has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from components.kernel import ConfigurationError
from components.kernel.check import failures_of, listed
from components.prefect.settings import PrefectSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.prefect.discovery import Described


def prefix_of(there: Mapping[str, Any], stack: str) -> str:
    """Return what a stack puts before names, which a new config leaves empty."""
    workspace = there.get("workspace") or {}
    shared = f"{stack}-" if workspace.get("layout") == "shared" else ""
    given = workspace.get("prefix")
    return shared if given is None else str(given)


def merged(there: Mapping[str, Any], result: Described) -> dict[str, Any]:
    """Return the settings with what was described and is not among them yet.

    Raises:
        ConfigurationError: The whole is not valid, because what was there is not.
    """
    settings = dict(there)
    for group, entries in result.settings.items():
        if isinstance(entries, dict):
            own = settings.get(group) or {}
            settings[group] = _with_queues(own, entries)
        elif not there.get("deployments") and not there.get("flow_projects"):
            # It would switch on the schedules of the deployments that are there.
            settings.setdefault(group, entries)
    try:
        PrefectSettings.model_validate(settings)
    except ValidationError as error:
        lines = listed(failures_of(error, settings))
        raise ConfigurationError(
            "\n".join(["its config would not be valid; correct it first:", *lines])
        ) from None
    return settings


def added(there: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with what was found and they do not say."""
    both = {**found, **there}
    for key in there.keys() & found.keys():
        if isinstance(there[key], dict) and isinstance(found[key], dict):
            # What a repository has for all its environments is groups again.
            deeper = key == "shared"
            merge = added if deeper else lambda own, new: {**new, **own}
            both[key] = merge(there[key], found[key])
    return both


def _with_queues(own: Mapping[str, Any], entries: Mapping[str, Any]) -> dict[str, Any]:
    """Add entries, and to the entries of known work pools their queues."""
    both = {**entries, **own}
    for key in own.keys() & entries.keys():
        if "queues" in entries[key]:
            queues = {**entries[key]["queues"], **(own[key].get("queues") or {})}
            both[key] = {**own[key], "queues": queues}
    return both
