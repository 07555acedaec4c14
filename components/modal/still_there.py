"""Whether an object may be deleted by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.kernel import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from components.kernel import Wire


def require_listed(listed: Iterable[Wire], id_: str) -> None:
    """See that an object still is where the stack has it.

    Ids hold across the workspace. After its environment was renamed, an object is the
    stack's under the new name already, when it is told to delete the one that it had
    under the old.

    Raises:
        NotFoundError: It is not there.
    """
    if all(wire["id"] != id_ for wire in listed):
        raise NotFoundError("it is gone")
