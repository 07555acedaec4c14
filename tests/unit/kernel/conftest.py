"""The library, fresh for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.kernel import registry
from tests.unit.kernel.library import TOKEN, BookKind, Library, lifecycle

if TYPE_CHECKING:
    from components.kernel.lifecycle import Lifecycle


@pytest.fixture
def library() -> Library:
    """Return an empty library."""
    return Library()


@pytest.fixture
def books(library: Library) -> Lifecycle:
    """Return the life cycle of the library's books."""
    return lifecycle(library)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the kind known to the registry for the length of a test."""
    monkeypatch.setitem(registry._kinds, TOKEN, BookKind)
