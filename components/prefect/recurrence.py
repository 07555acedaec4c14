"""What Prefect takes for a cron expression, a recurrence rule and a timezone.

Checked at preview by the very parsers that the server uses, without the two seconds
that importing `prefect` itself takes.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

# MAX_RRULE_LENGTH of the server.
MAX_RRULE_LENGTH: Final = 6500
# DEFAULT_RRULE_ANCHOR of the server: where a rule without a DTSTART counts from.
RRULE_ANCHOR: Final = datetime(2020, 1, 1)  # noqa: DTZ001  # floating, as in RFC 5545
_ANCHORED: Final = re.compile(r"DTSTART:(\d{8}T\d{6})\n(.+)", re.DOTALL)
_FREQUENT: Final = re.compile(r"\bFREQ=(SECOND|MINUTE)LY\b", re.IGNORECASE)
_INTERVAL: Final = re.compile(r"\bINTERVAL=(\d+)", re.IGNORECASE)
_COUNT: Final = re.compile(r"\bCOUNT=", re.IGNORECASE)


def valid_cron(text: str) -> str:
    """Refuse what the server would refuse.

    Raises:
        ValueError: Not a cron expression, or a hashed or random one.
    """
    if any(word.upper() in {"R", "H"} for word in text.split()):
        raise ValueError(f"'{text}' is hashed or random, which Prefect does not know")
    if not _croniter().is_valid(text):
        raise ValueError(
            f"'{text}' is not a cron expression; an example is '0 9 * * *'"
        )
    return text


def valid_rrule(text: str) -> str:
    """Refuse what the server would refuse.

    Raises:
        ValueError: Not a recurrence rule, or too long.
    """
    # Only where there is a rule; the library has no types.
    from dateutil.rrule import rrulestr  # type: ignore[import-untyped]  # noqa: PLC0415

    if len(text) > MAX_RRULE_LENGTH:
        raise ValueError(
            f"is {len(text)} characters long; Prefect takes {MAX_RRULE_LENGTH}"
        )
    try:
        with warnings.catch_warnings():
            # Of a start in a timezone that nobody knows, or that is no date at all.
            warnings.simplefilter("error", RuntimeWarning)
            rrulestr(text, cache=True)
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        RuntimeWarning,
    ) as error:
        raise ValueError(
            f"'{text}' is not a recurrence rule, such as 'FREQ=DAILY;BYHOUR=9': {error}"
        ) from None
    if (interval := _INTERVAL.search(text)) and not int(interval[1]):
        raise ValueError(f"'{text}' has an interval of 0; write 1 or more")
    return text


def valid_timezone(name: str) -> str:
    """Refuse what is not an IANA timezone.

    Raises:
        ValueError: There is none of that name.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"'{name}' is not a timezone; name one as IANA does, like 'Europe/Berlin'"
        ) from None
    return name


def canonical_rrule(rule: str, timezone: str) -> str:
    """Leave away a DTSTART that says nothing: one that the server puts in by itself.

    That is 2020-01-01 or, for rules by the second or the minute, the latest moment
    from which the same runs follow.

    Args:
        rule: A recurrence rule.
        timezone: The zone that its times are in.
    """
    if not (anchored := _ANCHORED.fullmatch(rule)):
        return rule
    start = datetime.strptime(anchored[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007  # floating
    rest = anchored[2]
    if start == RRULE_ANCHOR:
        return rest
    if "\n" in rest or _COUNT.search(rest) or not (often := _FREQUENT.search(rest)):
        return rule
    interval = _INTERVAL.search(rest)
    unit = timedelta(seconds=1 if often[1].upper() == "SECOND" else 60)
    try:
        period = unit * int(interval[1] if interval else 1)
    except OverflowError:
        return rule
    if not period:  # the service may hold what this refuses to write
        return rule
    in_phase = not (start - RRULE_ANCHOR) % period
    now = datetime.now(ZoneInfo(timezone)).replace(tzinfo=None)
    return rest if in_phase and start <= now else rule


@cache
def _croniter() -> Any:
    """Load Prefect's own copy of croniter without importing Prefect.

    Raises:
        ImportError: This version of Prefect keeps it elsewhere.
    """
    prefect = importlib.util.find_spec("prefect")
    folder = Path(prefect.origin).parent if prefect and prefect.origin else Path()
    file = folder / "_vendor" / "croniter" / "croniter.py"
    spec = importlib.util.spec_from_file_location("_croniter_of_prefect", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.croniter
