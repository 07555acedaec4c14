"""What goes away by itself: kept replies, ephemeral objects, unused content."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from localcloud.modal.dicts import ENTRY_LIFETIME
from localcloud.modal.objects import EPHEMERAL_LIFETIME
from localcloud.modal.token_flow import FLOW_LIFETIME
from localcloud.modal.volume_tree import unpack

if TYPE_CHECKING:
    from localcloud.modal.plane import Plane

log = logging.getLogger(__name__)

INTERVAL = 60.0
# A client gives up retrying long before.
REPLY_LIFETIME = 3600.0
# https://modal.com/docs/guide/job-queue: results are kept for up to seven days.
RESULT_LIFETIME = 7 * 24 * 3600.0


async def keep_house(plane: Plane) -> None:
    """Tidy up once a minute, until cancelled."""
    while True:
        try:
            tidy(plane)
        except sqlite3.OperationalError:
            log.exception("tidying failed; the next minute will do")
        await asyncio.sleep(INTERVAL)


def tidy(plane: Plane) -> None:
    """Remove what has expired."""
    now, run = time.time(), plane.store.run
    with plane.store.transaction():
        run("DELETE FROM replies WHERE at < ?", now - REPLY_LIFETIME)
        run("DELETE FROM objects WHERE heartbeat_at < ?", now - EPHEMERAL_LIFETIME)
        run("DELETE FROM dict_entries WHERE used_at < ?", now - ENTRY_LIFETIME)
        run("DELETE FROM token_flows WHERE created_at < ?", now - FLOW_LIFETIME)
        run("DELETE FROM calls WHERE created_at < ?", now - RESULT_LIFETIME)
        run("DELETE FROM logs WHERE at < ?", now - RESULT_LIFETIME)


def sweep_content(plane: Plane) -> int:
    """Remove content that nothing names any more; return how many files went.

    Run at start only: while uploads are under way, content is there before the row
    that names it.
    """
    wanted: set[bytes] = set()
    for (content,) in plane.store.all("SELECT content FROM files WHERE type=1"):
        wanted.update(extent.sha256 for extent in unpack(content))
    for (sha256,) in plane.store.all(
        "SELECT sha256 FROM mount_files UNION SELECT sha256 FROM blobs WHERE complete"
    ):
        wanted.add(sha256)
    return plane.content.sweep(wanted)
