"""GitHub's rate limits: the hourly one, and the secondary ones that punish bursts.

Rules and numbers: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
Counters live in memory; a restart starts a new window.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveInt

from localcloud.github.actor import Actor
from localcloud.github.errors import ApiError, ForbiddenError

READ_POINTS, WRITE_POINTS = 1, 5


class Limits(BaseModel):
    """What is enforced; the secondary limit is off unless it has points.

    Attributes:
        primary: Requests a window for each user, App or installation.
        anonymous: Requests a window for all who are not logged in.
        window_seconds: The primary window; GitHub's is an hour.
        secondary_points: Points a secondary window (GitHub: 900), or None for no limit.
            A read costs one point, a write five.
        secondary_window_seconds: GitHub's is a minute.
        secondary_retry_after: Whether the refusal says how long to wait.
        secondary_status: 403 or 429; GitHub uses both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    primary: PositiveInt = 15_000  # Enterprise Cloud's; other plans have 5,000
    anonymous: PositiveInt = 60
    window_seconds: PositiveInt = 3600
    secondary_points: PositiveInt | None = None
    secondary_window_seconds: PositiveInt = 60
    secondary_retry_after: bool = True
    secondary_status: int = 403


@dataclass
class _Window:
    ends: float
    used: int = 0


@dataclass
class RateLimiter:
    """Counts requests by who asks, and refuses those above the limits."""

    limits: Limits = field(default_factory=Limits)
    _primary: dict[str, _Window] = field(default_factory=dict)
    _secondary: dict[str, _Window] = field(default_factory=dict)

    def configure(self, limits: Limits) -> None:
        """Enforce other limits from now on, with all counters at zero."""
        self.limits = limits
        self._primary.clear()
        self._secondary.clear()

    def charge(self, actor: Actor, *, writes: bool) -> None:
        """Count a request, or refuse it."""
        self._charge_secondary(actor, WRITE_POINTS if writes else READ_POINTS)
        window = self._window(actor)
        if window.used >= self._limit(actor):
            raise ForbiddenError(f"API rate limit exceeded for {actor.bucket}.")
        window.used += 1

    def refund(self, actor: Actor) -> None:
        """Give a request back: an unchanged answer (304) costs nothing."""
        window = self._window(actor)
        window.used = max(0, window.used - 1)

    def headers(self, actor: Actor) -> dict[str, str]:
        """The headers that every answer carries."""
        core = self._core(actor)
        return {
            "X-RateLimit-Limit": str(core["limit"]),
            "X-RateLimit-Remaining": str(core["remaining"]),
            "X-RateLimit-Used": str(core["used"]),
            "X-RateLimit-Reset": str(core["reset"]),
            "X-RateLimit-Resource": "core",
        }

    def overview(self, actor: Actor) -> dict[str, Any]:
        """The answer to GET /rate_limit; only `core` is ever used up here."""
        core = self._core(actor)
        search = {"limit": 30, "remaining": 30, "used": 0, "reset": core["reset"]}
        return {"resources": {"core": core, "search": search}, "rate": core}

    def _charge_secondary(self, actor: Actor, points: int) -> None:
        allowed = self.limits.secondary_points
        if allowed is None:
            return
        window = self._current(
            self._secondary, actor.bucket, self.limits.secondary_window_seconds
        )
        if window.used + points > allowed:
            wait = max(1, round(window.ends - time.time()))
            raise ApiError(
                "You have exceeded a secondary rate limit. Please wait a few minutes "
                "before you try again.",
                status=self.limits.secondary_status,
                headers=(
                    {"Retry-After": str(wait)}
                    if self.limits.secondary_retry_after
                    else {}
                ),
            )
        window.used += points

    def _core(self, actor: Actor) -> dict[str, int]:
        limit, window = self._limit(actor), self._window(actor)
        return {
            "limit": limit,
            "remaining": max(0, limit - window.used),
            "used": window.used,
            "reset": int(window.ends) + 1,
        }

    def _limit(self, actor: Actor) -> int:
        return self.limits.anonymous if actor.anonymous else self.limits.primary

    def _window(self, actor: Actor) -> _Window:
        return self._current(self._primary, actor.bucket, self.limits.window_seconds)

    def _current(
        self, windows: dict[str, _Window], bucket: str, seconds: int
    ) -> _Window:
        now = time.time()
        window = windows.get(bucket)
        if window is None or window.ends <= now:
            window = windows[bucket] = _Window(ends=now + seconds)
        return window
