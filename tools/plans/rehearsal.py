"""What a rehearsal found, as data that the comment can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tools.plans.preview import Preview


class Stage(NamedTuple):
    """One step of a rehearsal.

    Attributes:
        title: What was done.
        seconds: How long it took.
        failed: Whether it went wrong.
        said: What it said if it did.
    """

    title: str
    seconds: float
    failed: bool = False
    said: str = ""


class Rehearsal(NamedTuple):
    """A change tried on a throw-away local cloud.

    Attributes:
        stack: The stack whose config it was.
        base: What the change was applied to, as git names it.
        stages: What was done; the last one may have failed.
        preview: What the change does there; None if it did not come that far.
    """

    stack: str
    base: str
    stages: tuple[Stage, ...]
    preview: Preview | None

    @property
    def failed(self) -> bool:
        """Whether any stage went wrong."""
        return any(stage.failed for stage in self.stages)
