"""What goes wrong when a stack's outputs are read."""

from __future__ import annotations

import pulumi


class OutputsError(pulumi.RunError):
    """A stack's outputs are not what is asked for; one sentence, no traceback."""
