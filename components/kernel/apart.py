"""Mirrors of one store keep apart: seen in the program, before anybody is asked.

A mirror takes all that is below its path for its own, and removes what its folder has
not. Of two, one of which lies within the other, each `up` would have the outer one
remove what the inner one has put, unless it ignores that.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource

from .folder import Ignore

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Mirror(NamedTuple):
    path: str
    resource: str
    store: tuple[Any, ...]
    ignore: Ignore


_seen: WeakKeyDictionary[pulumi.Resource, list[_Mirror]] = WeakKeyDictionary()


def apart(
    resource_name: str,
    store: Sequence[pulumi.Input[Any]],
    path: pulumi.Input[str],
    ignore: Sequence[str],
) -> pulumi.Output[str]:
    """Return a mirror's path once it is seen that no other mirror is in its way.

    A store or a path that a preview does not know yet is seen by the update.

    Args:
        resource_name: The mirror's name in the program, for errors.
        store: What tells the store from others.
        path: Where in the store the mirror is; all of it if empty.
        ignore: What the mirror leaves alone.

    Raises:
        RunError: By the output: another one lies within it, or around it.
    """
    root = get_root_resource()
    others = _seen.setdefault(root, []) if root else []
    checked = partial(_checked, others, resource_name, Ignore(ignore))
    return pulumi.Output.all(path, *store).apply(checked)


def _checked(
    others: list[_Mirror], resource: str, ignore: Ignore, known: list[Any]
) -> str:
    path, *store = known
    new = _Mirror(str(path or "").strip("/"), resource, tuple(store), ignore)
    for other in others:
        if other.store == new.store:
            _see_apart(*sorted((other, new), key=lambda one: one[:2]))
    others.append(new)
    return str(path or "")


def _see_apart(outer: _Mirror, inner: _Mirror) -> None:
    if outer.path == inner.path:
        raise pulumi.RunError(
            f"files '{outer.resource}' and files '{inner.resource}' are mirrored to "
            "one place, where each would remove what the other puts; give each a "
            "place of its own"
        )
    above = f"{outer.path}/" if outer.path else ""
    within = inner.path.removeprefix(above)
    if inner.path.startswith(above) and not outer.ignore(f"{within}/file"):
        raise pulumi.RunError(
            f"files '{inner.resource}' are mirrored to '{inner.path}/', within what "
            f"files '{outer.resource}' mirror, which would remove them; give the two "
            f"places apart, or have '{outer.resource}' ignore '/{within}/'"
        )
