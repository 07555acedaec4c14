"""What a 404 means: GitHub says it of what is gone, and of what one may not see.

Taken for "gone", a credential that lost a permission would empty the state and make
a `destroy` leave everything behind. So each 404 is held against what surrounds the
object: only a collection that can be read tells that something is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.kernel import AccessError, NotFoundError

if TYPE_CHECKING:
    from .client import GithubApi


def judge(
    api: GithubApi, method: str, path: str, error: NotFoundError
) -> AccessError | NotFoundError:
    """Tell what a 404 means, by reading what surrounds the object.

    Args:
        api: The place.
        method: What was asked.
        path: Of which object or collection.
        error: GitHub's own words.

    Returns:
        NotFoundError where the object, or the environment it lived in, is surely
        gone; AccessError where this credential may not see or not change it.
    """
    item, _, _ = path.partition("?")
    collection, _, _ = item.rpartition("/")
    if method != "GET" and api.look(item) is not None:
        return _unwritable(api)
    if collection != api.place.path and api.look(f"{collection}?per_page=1"):
        return _unwritable(api) if method in {"POST", "PUT"} else error
    return _surroundings(api)


def _surroundings(api: GithubApi) -> AccessError | NotFoundError:
    place = api.place
    if api.look(place.path) is not None:
        return AccessError(
            f"GitHub says 404, but the {place} can be seen: the credential may not "
            f"read this in it; give it the permission, or a stronger role there",
            status=404,
        )
    if place.within != place and api.look(place.within.path) is not None:
        return NotFoundError(
            f"GitHub has no {place}; create it first, or correct its name", status=404
        )
    seen = place.within
    return AccessError(
        f"GitHub shows no {seen} to this credential; correct the name or give the "
        f"credential access, or, if it was deleted, take the resource out of the "
        f"state with `pulumi state delete`",
        status=404,
    )


def _unwritable(api: GithubApi) -> AccessError:
    return AccessError(
        f"GitHub says 404, but it can be read: the credential may not change it; "
        f"give it a role that may write to the {api.place}",
        status=404,
    )
