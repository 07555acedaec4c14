"""This machine's clock against a service's, by the `Date` of its answers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding

# `Sat, 21 Nov 2026 14:07:38 GMT`; a proxy may have put its own behind it.
_DATE_LENGTH: Final = 29
# An answer's date has no fractions, and may be as old as the answer.
WARN_SECONDS: Final = 30
# AWS's token service refuses signatures that are five minutes off.
STOP_SECONDS: Final = 240


def clock(
    about: str, date: str | datetime | None, now: datetime | None = None
) -> Iterator[Finding]:
    """Yield what an answer's date says of this clock; nothing where it has none.

    Args:
        about: Whose answer.
        date: Its header, or what that says.
        now: The time here; this moment if not given.
    """
    theirs = None
    with contextlib.suppress(ValueError):
        theirs = (
            parsedate_to_datetime(date[:_DATE_LENGTH])
            if isinstance(date, str)
            else date
        )
    if theirs is None or theirs.tzinfo is None:
        return
    seconds = ((now or datetime.now(UTC)) - theirs).total_seconds()
    off = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} {about}'s"
    way_out = "set this machine's clock, by NTP for instance"
    if abs(seconds) > STOP_SECONDS:
        yield stop(
            about,
            "clock",
            f"this clock is {off}, and signatures are refused; {way_out}",
        )
    elif abs(seconds) > WARN_SECONDS:
        yield warn(about, "clock", f"this clock is {off}; {way_out}")
    else:
        yield fine(about, "clock", "in time")
