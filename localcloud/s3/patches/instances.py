"""moto keeps every model it ever made, so that tests can reset it.

Here that would keep every object ever written in memory, and in no time fill it.
"""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel


def apply() -> None:
    """Forget models that nothing else holds."""

    def new(cls: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
        return object.__new__(cls)

    BaseModel.__new__ = new  # type: ignore[method-assign]  # that is the patch
