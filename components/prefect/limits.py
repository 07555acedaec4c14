"""How much at once: the field that every concurrency limit has."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import Field

# Prefect's columns are 32-bit integers; PostgreSQL answers a bigger one with a 500.
MAX_INTEGER: Final = 2**31 - 1

Limit: TypeAlias = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
"""How many at once; 0 lets nothing through."""
