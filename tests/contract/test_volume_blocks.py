"""Blocks of volumes and the store that takes them, which is not always well."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, web
from modal._utils.http_utils import ClientSessionRegistry

from components.kernel import ServiceError
from components.modal import volume_in_blocks


def _send(
    monkeypatch: pytest.MonkeyPatch, statuses: list[int], *, listening: bool = True
) -> bytes:
    """Send a block to a store that answers so, one time after the other."""
    monkeypatch.setattr(volume_in_blocks, "_FIRST_PAUSE_SECONDS", 0)

    async def put(request: web.Request) -> web.Response:
        content = await request.read()
        return web.Response(status=statuses.pop(0), body=b"proof of " + content)

    async def run() -> bytes:
        app = web.Application()
        app.router.add_put("/block", put)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        if not listening:
            await runner.cleanup()
        try:
            async with ClientSession() as session:
                monkeypatch.setattr(
                    ClientSessionRegistry, "get_session", lambda: session
                )
                url = f"http://127.0.0.1:{port}/block"
                return await volume_in_blocks._send(url, b"it")
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def test_a_store_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it answers in the end is the proof that it has the block."""
    assert _send(monkeypatch, [503, 429, 200]) == b"proof of it"


def test_a_store_that_refuses_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one sentence that names its answer, and no address: it is as good as a key.

    It is asked once: a refusal is no more than refused again.
    """
    with pytest.raises(
        ServiceError, match=r"store does not take a block \(403 Forb"
    ) as e:
        _send(monkeypatch, [403])
    assert "http://" not in str(e.value)


def test_a_store_that_stays_busy_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some time it has to be enough."""
    with pytest.raises(ServiceError, match=r"store does not take a block \(503 "):
        _send(monkeypatch, [503] * 8)


def test_a_store_that_is_not_there_is_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which the client tells as such."""
    with pytest.raises(ConnectionError):
        _send(monkeypatch, [], listening=False)
