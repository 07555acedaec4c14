"""Policy packs, run by the engine through the language host."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

PACK = """
    import pulumi
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

    print("stack", pulumi.get_stack(), "owner", pulumi.Config("probe").get("owner"))

    def check(args, report):
        if args.props.get("size") == 13:
            report("size 13 brings bad luck")

    PolicyPack(
        name="luck",
        enforcement_level=EnforcementLevel.LEVEL,
        policies=[
            ResourceValidationPolicy(name="luck", description="No 13.", validate=check)
        ],
    )
    """

PROGRAM = """
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider

    class Provider(ResourceProvider):
        def create(self, props):
            return CreateResult("one", props)

    class Thing(Resource):
        pass

    Thing(Provider(), "thing", {"size": 13})
    """


@pytest.fixture
def guarded(project: Project) -> Project:
    """Return a project whose resource offends a policy."""
    project.program(PROGRAM)
    project("config", "set", "owner", "platform")
    return project


def write_pack(project: Project, level: str) -> None:
    """Write the policy pack with an enforcement level."""
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    project.write("pack/PulumiPolicy.yaml", json.dumps({"runtime": runtime}))
    project.write("pack/__main__.py", PACK.replace("LEVEL", level))


def test_advisory_policy_warns(guarded: Project) -> None:
    """An advisory violation is shown, and the preview succeeds."""
    write_pack(guarded, "ADVISORY")
    shown = guarded("preview", "--policy-pack", "pack").stdout
    assert "size 13 brings bad luck" in shown
    assert "advisory" in shown


def test_pack_knows_its_stack(guarded: Project) -> None:
    """A pack reads the stack's name and config while it starts, and may print."""
    write_pack(guarded, "ADVISORY")
    assert (
        "stack dev owner platform" in guarded("preview", "--policy-pack", "pack").stdout
    )


def test_mandatory_policy_stops_the_update(guarded: Project) -> None:
    """A mandatory violation fails the update before the resource is made."""
    write_pack(guarded, "MANDATORY")
    shown = guarded(
        "up", "--yes", "--skip-preview", "--policy-pack", "pack", code=None
    ).stdout
    assert "size 13 brings bad luck" in shown
    assert "mandatory" in shown
    state = guarded("stack", "export").stdout
    assert "::thing" not in state


def test_broken_pack_is_told(guarded: Project) -> None:
    """A pack that fails to start fails the preview with the pack's own error."""
    write_pack(guarded, "NO_SUCH_LEVEL")
    shown = guarded("preview", "--policy-pack", "pack", code=None)
    assert "NO_SUCH_LEVEL" in shown.stdout + shown.stderr
    assert guarded.processes() == {}
