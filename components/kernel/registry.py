"""Token → kind: the state ABI.

Every resource in every stack's state holds a pickle that says only
`components.kernel.registry.load("prefect:WorkPool")`. Classes and files may move
freely; this module's path, the name `load` and the tokens may never change.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .dynamic import Provider
    from .kind import Kind

_kinds: dict[str, type[Kind[Any, Any, Any]]] = {}


def register(cls: type[Kind[Any, Any, Any]]) -> None:
    """Make a kind known under its token.

    Raises:
        ValueError: The token belongs to another class.
    """
    known = _kinds.setdefault(cls.token, cls)
    if known is not cls:
        raise ValueError(f"{cls.token} is already registered, by {known.__qualname__}")


def kind_of(token: str) -> Kind[Any, Any, Any]:
    """Return the kind that `token` stands for, importing its service if need be.

    Raises:
        LookupError: No kind is registered under that token.
    """
    package = f"components.{token.partition(':')[0]}"
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
    if token not in _kinds:
        raise LookupError(
            f"this version of flowground has no kind '{token}': run the version "
            "that made the stack, or delete the resource from its state"
        )
    return _kinds[token]()


def kinds() -> list[Kind[Any, Any, Any]]:
    """Return every kind registered so far, by token."""
    return [cls() for _, cls in sorted(_kinds.items())]


def load(token: str) -> Provider:
    """Return the Pulumi provider of a kind: what the pickles in state call."""
    from .dynamic import Provider  # noqa: PLC0415  # the adapter imports this module

    return Provider(kind_of(token))
