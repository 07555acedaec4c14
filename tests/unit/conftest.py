"""What every unit test rests on: no network, and properties that do not flake."""

from __future__ import annotations

import os
import socket
from typing import Any

import hypothesis
import pytest

# No deadline: the machine may be busy with something else, which is no finding.
# Always the same examples: a red test must mean that somebody broke something.
hypothesis.settings.register_profile(
    "unit", deadline=None, derandomize=True, database=None, max_examples=60
)
# For hunting: FLOWGROUND_HYPOTHESIS=hunt looks where nobody has looked before.
hypothesis.settings.register_profile(
    "hunt", deadline=None, database=None, max_examples=2000
)
hypothesis.settings.load_profile(os.environ.get("FLOWGROUND_HYPOTHESIS", "unit"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection, so that no unit test depends on a service."""

    def refuse(connecting: socket.socket, address: Any) -> None:
        if connecting.family != socket.AF_UNIX:
            pytest.fail(f"a unit test connects to {address}", pytrace=False)
        connect(connecting, address)

    connect = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)
