"""Which provider plugins follow from the installed packages."""

from __future__ import annotations

from typing import Any

import pytest

from tools.engine.host.packages import dependency, plugin_version, required


@pytest.mark.parametrize(
    ("package", "plugin"),
    [
        ("1.0", "1.0.0"),
        ("6.83.2", "6.83.2"),
        ("1.2.3a4", "1.2.3-alpha.4"),
        ("1.2.3b4", "1.2.3-beta.4"),
        ("1.2.3rc4", "1.2.3-rc.4"),
        ("1.2.3.post4", "1.2.3+post4"),
        ("1.2.3.dev4", "1.2.3+dev4"),
        ("1.2.3rc4.post5.dev6", "1.2.3-rc.4+post5dev6"),
        ("1!2.0", None),
        ("2.0+local", None),
    ],
)
def test_plugin_version(package: str, plugin: str | None) -> None:
    """A PEP 440 version becomes a semantic one, or nothing where none is certain."""
    assert plugin_version(package) == plugin


def test_provider_package_is_found_by_its_name() -> None:
    """A package named like a provider needs the plugin of that name and version."""
    found = dependency("pulumi-random", "4.18.0", None)
    assert found is not None
    assert (found.name, found.version, found.kind) == ("random", "v4.18.0", "resource")


def test_plugin_file_overrides_name_and_version() -> None:
    """What pulumi-plugin.json says goes before what the package's name suggests."""
    file = {"resource": True, "name": "tls", "version": "5.0.1", "server": "here"}
    found = dependency("acme-certificates", "1.0", file)
    assert found is not None
    assert (found.name, found.version, found.server) == ("tls", "v5.0.1", "here")


def test_packages_without_a_plugin_are_left_out() -> None:
    """Pure Python packages need no plugin, whatever they are called."""
    packages: list[dict[str, Any]] = [
        {"name": "requests", "version": "2.0", "plugin": None},
        {"name": "pulumi", "version": "3.0", "plugin": None},
        {"name": "pulumi-policy", "version": "1.0", "plugin": None},
        {"name": "pulumi-pure", "version": "1.0", "plugin": {"resource": False}},
        {"name": "pulumi-odd", "version": "1!0", "plugin": None},
    ]
    assert required(packages) == []
