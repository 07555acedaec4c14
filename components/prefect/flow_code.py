"""What a flow's source says of it: its name, its text, its parameters' schema.

Computed by Prefect's own functions, so that it is what `prefect deploy` would send; the
file itself is parsed and not run. What Prefect does run, if it is installed here, are
the file's top-level imports, and its definitions one by one, because types and defaults
may need them; whatever fails in that is left out of the schema.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import sys
import threading
from copy import deepcopy
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from components.kernel import ConfigurationError

from .flow_schema import kept_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

# Prefect's loader changes sys.path, and so do we.
_loading = threading.Lock()


class FlowDescription(NamedTuple):
    """What the code says of a flow.

    Attributes:
        name: The decorator's `name`, or the function's with dashes.
        description: The decorator's `description`, or the docstring.
        version: The decorator's `version`, or the hash of the file.
        parameter_openapi_schema: The JSON schema of its parameters.
    """

    name: str
    description: str | None
    version: str
    parameter_openapi_schema: dict[str, Any]


def describe_entrypoint(path: str | Path, entrypoint: str) -> FlowDescription:
    """Describe the flow at an entrypoint.

    Args:
        path: The project's folder, which entrypoints and imports start from.
        entrypoint: `dir/file.py:function`, `dir/file.py:Class.method`,
            `package.module:function` or `package.module.function`.

    Raises:
        ConfigurationError: There is no such file, function or flow.
    """
    root = Path(path).resolve()
    file, function = _located(root, entrypoint)
    try:
        source = file.read_bytes()
    except (OSError, ValueError):  # the latter of a name that no file can have
        raise ConfigurationError(
            f"entrypoint '{entrypoint}' names no file in {root}; correct it, or the "
            f"project's folder"
        ) from None
    described = _described(root, file, function, hashlib.md5(source).hexdigest())  # noqa: S324  # as Prefect's versions
    return described._replace(
        parameter_openapi_schema=deepcopy(described.parameter_openapi_schema)
    )


def _located(root: Path, entrypoint: str) -> tuple[Path, str]:
    place, _, function = entrypoint.rpartition(":" if ":" in entrypoint else ".")
    if not place or not function:
        raise ConfigurationError(
            f"entrypoint '{entrypoint}' names no flow; write it as "
            f"'path/file.py:function' or 'package.module.function'"
        )
    if place.endswith(".py"):
        return root / place, function
    return _module(root, place, entrypoint), function


def _module(root: Path, name: str, entrypoint: str) -> Path:
    """Find a module's file without running its packages."""
    importlib.invalidate_caches()
    search: Any = [*_folders(root), *sys.path]
    parts = name.split(".")
    for depth in range(len(parts)):
        spec = PathFinder.find_spec(".".join(parts[: depth + 1]), search)
        if spec is None:
            break
        search = spec.submodule_search_locations
        if depth == len(parts) - 1 and spec.origin:
            return Path(spec.origin)
    raise ConfigurationError(
        f"entrypoint '{entrypoint}' names no module in {root} or its 'src'; correct "
        f"it, or the project's folder"
    )


def _folders(root: Path) -> list[str]:
    return [str(root), str(root / "src")]


@lru_cache(maxsize=1024)
def _described(root: Path, file: Path, function: str, digest: str) -> FlowDescription:
    definition = _definition(file, function)
    given = _decoration(definition)
    method = f"{file}:{definition.name}"
    if None in given.values():
        with _importing(root):
            given |= _evaluated(method, [k for k, v in given.items() if v is None])

    def schema() -> dict[str, Any]:
        # Two seconds of imports, for who has flows that nobody has seen.
        from prefect.utilities.callables import (  # noqa: PLC0415
            parameter_schema_from_entrypoint,
        )

        with _importing(root):
            return parameter_schema_from_entrypoint(method).model_dump_for_openapi()

    return FlowDescription(
        name=given.get("name") or definition.name.replace("_", "-"),
        description=given.get("description") or ast.get_docstring(definition),
        version=given.get("version") or digest,
        parameter_openapi_schema=kept_schema(file.read_bytes(), definition, schema),
    )


def _definition(file: Path, function: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Find the decorated function, in its class if it is in one."""
    try:
        within: ast.AST | None = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise ConfigurationError(
            f"{file} is not Python (line {error.lineno}); correct it"
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ConfigurationError(
            f"{file} cannot be read as Python; correct it"
        ) from None
    for name in function.split("."):
        within = within and next(
            (
                node
                for node in ast.iter_child_nodes(within)
                if getattr(node, "name", None) == name
            ),
            None,
        )
    match within:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if within.decorator_list:
            return within
        case _:
            raise ConfigurationError(
                f"{file} has no flow '{function}'; correct the entrypoint, or decorate "
                f"the function with @flow"
            )


def _decoration(
    definition: ast.FunctionDef | ast.AsyncFunctionDef,
) -> dict[str, str | None]:
    """Return what `@flow(...)` is given, as text; None for what is not a constant."""
    given: dict[str, str | None] = {}
    for decorator in definition.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name("flow") | ast.Attribute(attr="flow")):
                for keyword in decorator.keywords:
                    if keyword.arg in {"name", "description", "version"}:
                        match keyword.value:
                            case ast.Constant(None):
                                pass
                            case ast.Constant(value):
                                given[keyword.arg] = str(value)
                            case _:
                                given[keyword.arg] = None
            case _:
                pass
    return given


def _evaluated(entrypoint: str, arguments: list[str]) -> dict[str, str]:
    from prefect.flows import load_flow_arguments_from_entrypoint  # noqa: PLC0415

    found = load_flow_arguments_from_entrypoint(entrypoint, arguments)
    return {k: str(v) for k, v in found.items() if k in arguments}


@contextlib.contextmanager
def _importing(root: Path) -> Iterator[None]:
    """Let the project's modules be imported, and forget them afterwards.

    Two projects may each have a module `utils`.
    """
    with _loading:
        before, path = set(sys.modules), sys.path[:]
        sys.path[:0] = _folders(root)
        try:
            yield
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - before:
                file = getattr(sys.modules[name], "__file__", None)
                if file and Path(file).is_relative_to(root):
                    del sys.modules[name]
