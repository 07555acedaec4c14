"""Which cloud the make targets work with."""

from __future__ import annotations

import pytest

from tools import surroundings

LOCAL = {"PREFECT_API_KEY": "pnu_local"}


@pytest.mark.parametrize(
    ("key", "runs", "local"),
    [
        (None, False, True),
        ("pnu_local", True, True),
        ("pnu_local", False, False),
        ("pnu_mine", True, False),
    ],
)
def test_a_key_tells_whose_cloud_it_is(
    monkeypatch: pytest.MonkeyPatch, key: str | None, runs: bool, local: bool
) -> None:
    """A shell that works with the local cloud is told from one with an account."""
    monkeypatch.delenv("PREFECT_API_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("PREFECT_API_KEY", key)
    monkeypatch.setattr(surroundings, "localcloud_runs", lambda: runs)
    monkeypatch.setattr(surroundings, "localcloud_environment", LOCAL.copy)
    assert surroundings.uses_localcloud() is local
