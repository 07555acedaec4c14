"""Components that live as source in another folder, run by the language host."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.pulumi_project import Project

COMPONENT = """
    import pulumi
    from pulumi.provider.experimental import component_provider_host

    class GreetingArgs:
        name: pulumi.Input[str]

    class Greeting(pulumi.ComponentResource):
        text: pulumi.Output[str]

        def __init__(self, name, args: GreetingArgs, opts=None):
            super().__init__("greet:index:Greeting", name, {}, opts)
            self.text = pulumi.Output.concat("hello ", args["name"])
            self.register_outputs({"text": self.text})

    if __name__ == "__main__":
        component_provider_host(name="greet", components=[Greeting])
    """


def test_component_from_source_is_made(project: Project) -> None:
    """A YAML-free program can use a component whose source is in another folder."""
    project.write(
        "greet/PulumiPlugin.yaml",
        json.dumps({"runtime": project.runtime(virtualenv=sys.prefix)}),
    )
    project.write("greet/__main__.py", COMPONENT)
    project.save(plugins={"providers": [{"name": "greet", "path": "greet"}]})
    project.program("""
        import pulumi

        class Greeting(pulumi.ComponentResource):
            text: pulumi.Output[str]

            def __init__(self, name, who):
                super().__init__(
                    "greet:index:Greeting",
                    name,
                    {"name": who, "text": None},
                    None,
                    remote=True,
                )

        pulumi.export("text", Greeting("first", "world").text)
        """)
    project("up", "--yes", "--skip-preview")
    assert project.outputs() == {"text": "hello world"}
    assert project.processes() == {}


def test_folder_that_is_no_plugin_is_told(project: Project) -> None:
    """A plugin folder with nothing to run is one sentence that names the folder."""
    project.write("greet/PulumiPlugin.yaml", json.dumps({"runtime": project.runtime()}))
    project.save(plugins={"providers": [{"name": "greet", "path": "greet"}]})
    project.program("""
        import pulumi
        pulumi.ComponentResource("greet:index:Greeting", "first", {}, None, remote=True)
        """)
    shown = project("preview", code=None)
    assert "neither a __main__.py nor a pyproject.toml" in shown.stdout + shown.stderr
