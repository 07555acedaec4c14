"""RunPlugin: policy packs, and components that live as source in another folder."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import language_pb2

from .children import output
from .options import HostError, Options, refuse_debugger
from .policies import PolicyProxy
from .toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .children import Children, Stream

_POLICY_PACK = "analyzer"


class Plugins:
    """Run plugins, each until it ends or the engine hangs up."""

    def __init__(self, children: Children) -> None:
        self._children = children

    def run(
        self, request: Any, context: Any
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Serve a `RunPluginRequest`: its output as it comes, at last its exit code.

        Raises:
            HostError: there is no Python, or nothing in the folder that it could run.
        """
        refuse_debugger(request)
        policy = request.kind == _POLICY_PACK
        options = Options.of(request.info, plugin=not policy)
        toolchain = Toolchain(options)
        toolchain.require()
        env = toolchain.env()
        env.update(item.split("=", 1) for item in request.env)
        if policy:
            yield from self._policy_pack(request, context, toolchain, env)
        else:
            yield from self._component(request, context, toolchain, env)

    def _component(
        self, request: Any, context: Any, toolchain: Toolchain, env: dict[str, str]
    ) -> Iterator[language_pb2.RunPluginResponse]:
        command = [toolchain.python, "-u", *_component(toolchain.options)]
        with self._children.running(
            [*command, *request.args], context, env=env, cwd=request.pwd, piped=True
        ) as process:
            for name, chunk in output(process):
                yield _running(name, chunk)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def _policy_pack(
        self, request: Any, context: Any, toolchain: Toolchain, env: dict[str, str]
    ) -> Iterator[language_pb2.RunPluginResponse]:
        folder = str(toolchain.options.program)
        command = [toolchain.python, "-u", "-m", "pulumi.policy", *request.args, folder]
        with PolicyProxy() as proxy:
            yield language_pb2.RunPluginResponse(stdout=f"{proxy.port}\n".encode())
            stack = proxy.configuration(context)
            if stack is None and not context.is_active():
                return
            env.update(_stack_variables(stack))
            with self._children.running(
                command, context, env=env, cwd=folder, piped=True
            ) as process:
                for name, chunk in proxy.without_port(output(process)):
                    yield _running(name, chunk)
                code = process.wait()
            proxy.fail(f"the policy pack in {folder} ended with exit code {code}")
            yield language_pb2.RunPluginResponse(exitcode=code)


def _component(options: Options) -> list[str]:
    if (options.root / "__main__.py").is_file():
        return [str(options.program)]
    try:
        project = tomllib.loads((options.root / "pyproject.toml").read_text())
        return ["-m", "pulumi.run.plugin", project["project"]["name"]]
    except (OSError, KeyError) as error:
        msg = (
            f"The plugin in {options.root} cannot be run: it has neither a __main__.py "
            "nor a pyproject.toml with a project name."
        )
        raise HostError(msg) from error


def _running(name: Stream, chunk: bytes) -> language_pb2.RunPluginResponse:
    if name == "stdout":
        return language_pb2.RunPluginResponse(stdout=chunk)
    return language_pb2.RunPluginResponse(stderr=chunk)


def _stack_variables(stack: Any) -> dict[str, str]:
    """Return the variables by which a policy pack knows the stack from its start."""
    if stack is None:
        return {}
    variables = {
        "PULUMI_ORGANIZATION": stack.organization,
        "PULUMI_PROJECT": stack.project,
        "PULUMI_STACK": stack.stack,
        "PULUMI_DRY_RUN": "true" if stack.dry_run else "false",
        "PULUMI_CONFIG": json.dumps(dict(stack.config)),
    }
    return {name: value for name, value in variables.items() if value}
