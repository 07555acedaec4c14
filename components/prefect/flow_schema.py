"""A flow's parameter schema, by Prefect's own function, and kept where it cannot age.

To compute one takes the import of Prefect: over a second, of every preview. Where the
file itself says all that the schema depends on, it is computed once, and kept in the
user's cache (XDG_CACHE_HOME) under a digest of that file and of what computes it.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import hashlib
import json
import os
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Definition = ast.FunctionDef | ast.AsyncFunctionDef

# Imported long before any flow's file, so that no module of a project poses as them.
_STABLE: Final = frozenset(
    {"collections", "collections.abc", "datetime", "decimal", "pathlib"}
    | {"typing", "uuid"}
)
# What computes the schema; `prefect` is there instead of `prefect-client` in some.
_COMPUTED_BY: Final = ("prefect-client", "prefect", "pydantic", "griffe", "griffelib")


def kept_schema(
    source: bytes, definition: Definition, compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Return the schema of a flow's parameters.

    Args:
        source: The flow's whole file.
        definition: The flow's function, parsed from it.
        compute: What computes the schema, if it is not known yet.
    """
    if not _is_told_by(ast.parse(source), definition):
        return compute()
    kept = _folder() / f"{_digest(source, definition.name)}.json"
    with contextlib.suppress(OSError, ValueError):
        known: dict[str, Any] = json.loads(kept.read_bytes())
        return known
    schema = compute()
    text = json.dumps(schema)
    if json.loads(text) == schema:
        with contextlib.suppress(OSError):  # a cache that cannot be written is none
            _write(kept, text)
    return schema


def _folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "flowground" / "schemas"


def _digest(source: bytes, function: str) -> str:
    told = json.dumps([_versions(), function]).encode()
    return hashlib.sha256(told + source).hexdigest()


@cache
def _versions() -> list[str]:
    versions = [sys.version]
    for name in _COMPUTED_BY:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{name} {metadata.version(name)}")
    return versions


def _write(file: Path, text: str) -> None:
    """Put a file there whole: another run may be reading or writing it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as opened:
        opened.write(text)
    Path(name).replace(file)


def _is_told_by(module: ast.Module, definition: Definition) -> bool:
    """Tell whether a file says all that the schema of a flow in it depends on.

    It does if annotations are made of builtins and of the standard library's types,
    and defaults are literals. A class of one's own may be made of anything.
    """
    arguments = definition.args
    defaults = [*arguments.defaults, *(one for one in arguments.kw_defaults if one)]
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    nodes = [n for one in every if one.annotation for n in ast.walk(one.annotation)]
    # A text is a type by its name, or one of the values of a `Literal`.
    if any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in nodes):
        return False
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    bound = [(name, source) for name, source in _bound(module) if name in {*names, "*"}]
    return (
        all(_is_literal(default) for default in defaults)
        and all(source in _STABLE for _, source in bound)
        and all(hasattr(builtins, name) for name in names - {name for name, _ in bound})
    )


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _bound(module: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Yield each name that a file binds anywhere, and the module that it is from."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names):
                for one in names:
                    top = one.name.partition(".")[0]
                    yield one.asname or top, one.name if one.asname else top
            case ast.ImportFrom(source, names, level):
                for one in names:
                    yield one.asname or one.name, None if level else source
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name, None
            case ast.alias():
                pass
            case _:
                # Functions, classes, caught errors and patterns.
                for field in ("name", "rest"):
                    other = getattr(node, field, None)
                    if isinstance(other, str):
                        yield other, None
