"""How long a test looks: in CI shortly and always at the same, on a hunt for long."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def few(examples: int) -> settings:
    """Return settings with so many examples, where no hunt is on."""
    profile = settings.default
    assert profile is not None
    hunts = not profile.derandomize
    return settings(
        max_examples=profile.max_examples if hunts else examples,
        # That a machine is slow, or an example large, is no finding.
        suppress_health_check=list(HealthCheck),
    )
