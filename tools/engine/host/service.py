"""The methods of `pulumirpc.LanguageRuntime`, as the engine calls them."""

# ruff: noqa: ARG002, D102, N802  # names, arguments and meanings are the protocol's

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]  # grpc ships none
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
)

from . import packages
from .children import Children, output
from .limits import MESSAGE_OPTIONS
from .options import HostError, Options
from .plugins import Plugins
from .programs import Programs
from .toolchain import Toolchain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .children import Stream

_Prompt = language_pb2.RuntimeOptionPrompt


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Serve one engine."""

    def __init__(
        self, engine: str, executor: Path, version: str, tracing: str = ""
    ) -> None:
        """Prepare.

        Args:
            engine: the engine's gRPC address, or "" until `Handshake` tells it.
            executor: the script that runs a program.
            version: the version to report, that of the SDK's protocol.
            tracing: the trace endpoint that the CLI was given.
        """
        self.children = Children()
        self._engine = engine
        self._version = version
        self._programs = Programs(self.children, executor, tracing)
        self._plugins = Plugins(self.children)

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        with _sentences(context):
            toolchain = Toolchain(Options.of(request.info))
            if toolchain.missing():
                self._install(toolchain, context)
            found = packages.required(toolchain.probe("packages"))
            return language_pb2.GetRequiredPackagesResponse(packages=found)

    def Run(self, request: Any, context: Any) -> Any:
        with _sentences(context):
            return self._programs.run(request, context, self._engine)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        with _sentences(context):
            yield from self._plugins.run(request, context)

    def Cancel(self, request: Any, context: Any) -> Any:
        self._programs.cancel()
        return empty_pb2.Empty()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        with _sentences(context):
            options = Options.of(request.info, plugin=request.is_plugin)
            for name, chunk in self._installation(Toolchain(options), context):
                yield _installing(name, chunk)

    def About(self, request: Any, context: Any) -> Any:
        with _sentences(context):
            options = Options.of(request.info)
            answer = Toolchain(options).probe("about")
            return language_pb2.AboutResponse(
                executable=answer["executable"],
                version=answer["version"],
                metadata={
                    "toolchain": options.toolchain,
                    "typechecker": options.typechecker or "none",
                    "languageHost": "flowground",
                },
            )

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        with _sentences(context):
            installed = Toolchain(Options.of(request.info)).probe("packages")
            return language_pb2.GetProgramDependenciesResponse(
                dependencies=[
                    language_pb2.DependencyInfo(name=p["name"], version=p["version"])
                    for p in installed
                    if request.transitiveDependencies or not p["required"]
                ]
            )

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        given = dict(request.info.options)
        if "toolchain" not in given:
            prompt = _prompt("toolchain", "What installs dependencies", "pip", "uv")
        elif given["toolchain"] == "pip" and "virtualenv" not in given:
            prompt = _prompt("virtualenv", "The virtual environment's folder", "venv")
        else:
            return language_pb2.RuntimeOptionsResponse()
        return language_pb2.RuntimeOptionsResponse(prompts=[prompt])

    def Template(self, request: Any, context: Any) -> Any:
        return language_pb2.TemplateResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "GetRequiredPlugins is superseded by GetRequiredPackages.",
        )

    def GenerateProgram(self, request: Any, context: Any) -> Any:
        _not_here(context, "`pulumi convert` and `pulumi import` to Python code")

    def GenerateProject(self, request: Any, context: Any) -> Any:
        _not_here(context, "`pulumi convert` to a Python project")

    def GeneratePackage(self, request: Any, context: Any) -> Any:
        _not_here(context, "`pulumi package gen-sdk` and `pulumi package add`")

    def Pack(self, request: Any, context: Any) -> Any:
        _not_here(context, "`pulumi package pack-sdk`")

    def Link(self, request: Any, context: Any) -> Any:
        _not_here(context, "`pulumi package add`")

    def _install(self, toolchain: Toolchain, context: Any) -> None:
        """Install, with the progress shown as the CLI's passing messages."""
        with grpc.insecure_channel(self._engine, options=MESSAGE_OPTIONS) as channel:
            engine = engine_pb2_grpc.EngineStub(channel)
            for _, chunk in self._installation(toolchain, context):
                engine.Log(
                    engine_pb2.LogRequest(
                        severity=engine_pb2.INFO,
                        message=chunk.decode(errors="replace"),
                        ephemeral=True,
                        streamId=id(toolchain) & 0x7FFFFFFF,
                    )
                )

    def _installation(
        self, toolchain: Toolchain, context: Any
    ) -> Iterator[tuple[Stream, bytes]]:
        env = toolchain.installation_env()
        for step in toolchain.installation():
            yield "stdout", f"{step.title}...\n".encode()
            with self.children.running(
                step.command, context, env=env, cwd=str(step.cwd), piped=True
            ) as process:
                yield from output(process)
                code = process.wait()
            if code:
                msg = f"{step.title} failed (exit {code}); the lines above say why."
                raise HostError(msg)
        yield "stdout", b"Dependencies are installed.\n"


@contextlib.contextmanager
def _sentences(context: Any) -> Iterator[None]:
    """Turn a HostError into an answer that the CLI shows as the one sentence it is."""
    try:
        yield
    except HostError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _not_here(context: Any, what: str) -> None:
    context.abort(
        grpc.StatusCode.UNIMPLEMENTED,
        f"flowground's Python language host runs programs and does not do {what}; "
        "install the official Pulumi CLI for that.",
    )


def _installing(name: Stream, chunk: bytes) -> Any:
    if name == "stdout":
        return language_pb2.InstallDependenciesResponse(stdout=chunk)
    return language_pb2.InstallDependenciesResponse(stderr=chunk)


def _prompt(key: str, description: str, *choices: str) -> Any:
    values = [
        _Prompt.RuntimeOptionValue(
            promptType=_Prompt.STRING, stringValue=choice, displayName=choice
        )
        for choice in choices
    ]
    return _Prompt(
        key=key,
        description=description,
        promptType=_Prompt.STRING,
        choices=values,
        default=values[0],
    )
