"""What the guardrails say of a preview, which its JSON leaves out.

Of a policy that stops it `pulumi preview --json` tells only that the preview failed.
The engine's log of events (`--event-log`, one of the CLI's debug options) has each
finding.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT: Final = {"PULUMI_DEBUG_COMMANDS": "true"}


class Finding(NamedTuple):
    """What one rule says of one resource.

    Attributes:
        stops: Whether the update may not happen.
        text: Rule, resource and what to do.
    """

    stops: bool
    text: str


class Events:
    """The log of one command's events."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.options = ("--event-log", str(file))

    def findings(self) -> list[Finding]:
        """Return what the rules found, as far as the command came."""
        if not self._file.exists():
            return []
        lines = self._file.read_text(encoding="utf-8").splitlines()
        events = (json.loads(line).get("policyEvent") for line in lines)
        return [_finding(event) for event in events if event]


@contextmanager
def events() -> Iterator[Events]:
    """Yield a log for one command; it is deleted with the block."""
    with tempfile.TemporaryDirectory(prefix="flowground-") as folder:
        yield Events(Path(folder) / "events")


def _finding(event: dict[str, str]) -> Finding:
    # The rule's description stands before its message, on a line of its own.
    message = event["message"].strip().partition("\n")
    resource = (event.get("resourceUrn") or "").split("::", 3)[-1]
    about = f"{event['policyName']}: {resource}: " if resource else event["policyName"]
    said = message[2].strip() or message[0]
    return Finding(event["enforcementLevel"] == "mandatory", f"{about}{said}")
