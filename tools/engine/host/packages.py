"""Which provider plugins a program needs, judged by the packages it has installed."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import plugin_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

# Named like providers, but pure Python.
_WITHOUT_PLUGIN = {"pulumi-policy", "pulumi-esc-sdk"}

# PEP 440 without epochs and local versions: 1.2.3rc4.post5.dev6
_VERSION = re.compile(
    r"(?P<release>\d+(?:\.\d+)*)"
    r"(?:(?P<stage>a|b|rc)(?P<number>\d+))?"
    r"(?:\.post(?P<post>\d+))?"
    r"(?:\.dev(?P<dev>\d+))?"
)
_STAGES = {"a": "alpha", "b": "beta", "rc": "rc"}


def plugin_version(version: str) -> str | None:
    """Translate a package's version into its plugin's, or None if there is no telling.

    1.0 → 1.0.0, 1.2.3a4 → 1.2.3-alpha.4, 1.2.3.post4.dev5 → 1.2.3+post4dev5.
    """
    match = _VERSION.fullmatch(version)
    if not match:
        return None
    numbers = match["release"].split(".")
    text = ".".join(numbers + ["0"] * (3 - len(numbers)))
    if match["stage"]:
        text += f"-{_STAGES[match['stage']]}.{match['number']}"
    build = (f"post{match['post']}" if match["post"] else "") + (
        f"dev{match['dev']}" if match["dev"] else ""
    )
    return f"{text}+{build}" if build else text


def required(packages: Iterable[dict[str, Any]]) -> list[plugin_pb2.PackageDependency]:
    """Return the provider packages among those that `probe.py` lists."""
    found = (dependency(p["name"], p["version"], p["plugin"]) for p in packages)
    return [package for package in found if package is not None]


def dependency(
    name: str, version: str, plugin: dict[str, Any] | None
) -> plugin_pb2.PackageDependency | None:
    """Describe one package's plugin; None if it has none.

    Args:
        name: the package's normalised name.
        version: its PEP 440 version.
        plugin: its pulumi-plugin.json, which overrides both and may say that there is
            no plugin at all.
    """
    if name in _WITHOUT_PLUGIN or (plugin is None and not name.startswith("pulumi-")):
        return None
    plugin = {"resource": True} if plugin is None else plugin
    tag = plugin.get("version") or plugin_version(version)
    if not plugin.get("resource") or not tag:
        return None
    return plugin_pb2.PackageDependency(
        name=plugin.get("name") or name.removeprefix("pulumi-"),
        kind="resource",
        version=f"v{tag.removeprefix('v')}",
        server=plugin.get("server") or "",
        parameterization=_parameterization(plugin.get("parameterization")),
        extension=_parameterization(plugin.get("extensionParameterization")),
    )


def _parameterization(
    given: dict[str, Any] | None,
) -> plugin_pb2.PackageParameterization | None:
    if not given:
        return None
    return plugin_pb2.PackageParameterization(
        name=given["name"],
        version=given["version"],
        value=base64.b64decode(given.get("value") or ""),
    )
