"""Large libraries, imported when they are needed, and kept from the collector."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def lasting() -> Iterator[None]:
    """Take what is made here for what lasts as long as the process.

    A service's library makes a hundred thousand objects while it is imported. The
    collector would walk them again and again meanwhile, later in every full round, and
    once more when the process ends: a third of all that a short run costs.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
