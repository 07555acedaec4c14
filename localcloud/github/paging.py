"""Pages of a list and the Link header that leads from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from localcloud.github.call import Call

ItemT = TypeVar("ItemT")


def page_of(
    call: Call, items: Sequence[ItemT], *, default: int = 30, largest: int = 100
) -> tuple[list[ItemT], dict[str, str]]:
    """The page the query asks for, and its headers.

    Like GitHub, a page that is too large is cut to the largest, what makes no sense
    becomes the default, and a page beyond the end is empty.
    """
    size = min(_positive(call.query.get("per_page"), default), largest)
    page = _positive(call.query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    found = list(items[(page - 1) * size : page * size])
    return found, _link(call, page, last)


def _positive(text: str | None, default: int) -> int:
    try:
        number = int(text or default)
    except ValueError:
        return default
    return number if number > 0 else default


def _link(call: Call, page: int, last: int) -> dict[str, str]:
    targets: dict[str, int] = {}
    if page > 1:
        targets |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        targets |= {"next": page + 1, "last": last}
    base = call.urls.api + call.path
    links = [
        f'<{base}?{urlencode({**call.query, "page": number})}>; rel="{relation}"'
        for relation, number in targets.items()
    ]
    return {"Link": ", ".join(links)} if links else {}
