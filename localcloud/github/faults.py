"""Faults on request: what GitHub does on a bad day, to test clients against."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Fault(BaseModel):
    """An answer to give instead of the real one.

    Attributes:
        path: A regular expression that the whole path (as sent) must match.
        method: The method, or None for any.
        status: The answer's status.
        headers: Its headers, e.g. Retry-After.
        body: Its JSON body.
        skip: How many matching requests are answered normally first.
        times: How many are then answered with the fault.
    """

    model_config = ConfigDict(extra="forbid")

    path: str
    method: str | None = None
    status: int = Field(ge=400, le=599)
    headers: dict[str, str] = {}
    body: Any = {"message": "Server Error"}
    skip: int = Field(default=0, ge=0)
    times: int = Field(default=1, ge=1)

    @field_validator("path")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers as sent."""
        return {"Content-Type": "application/json; charset=utf-8", **self.headers}

    @property
    def text(self) -> str:
        """The body as sent."""
        return json.dumps(self.body)


class Faults:
    """The faults still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def next(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets, which is used up by it."""
        for fault in self.pending:
            if fault.method not in {None, method}:
                continue
            if not re.fullmatch(fault.path, path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self.pending.remove(fault)
            return fault
        return None
