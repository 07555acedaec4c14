"""What is sent to a volume: what the plan has, and never much of it at once."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from components.kernel import RefusedError
from components.kernel.folder import File
from components.modal import volume_in_blocks
from components.modal.volume_uploads import Upload, side_by_side

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 4
MEBIBYTE = 1024 * 1024


def _upload(folder: Path, content: bytes) -> Upload:
    local = folder / "file"
    local.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Upload("a/file", local, File(sha256=sha256, size=len(content)))


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (b"", []),
        (b"abc", [b"abc"]),
        (b"abcd", [b"abcd"]),
        (b"abcde", [b"abcd", b"e"]),
        (b"a\0\0\0b\0", [b"a", b"b"]),
        (bytes(5), [b"", b""]),
    ],
)
def test_a_block_has_no_zeros_at_its_end(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    kept: list[bytes],
) -> None:
    """As Modal names blocks; each is read again when it is sent."""
    monkeypatch.setattr(volume_in_blocks, "_BLOCK", BLOCK)
    upload = _upload(tmp_path, content)
    blocks = volume_in_blocks._blocks(upload)
    assert [b.start for b in blocks] == [*range(0, len(content), BLOCK)]
    assert [b.sha256 for b in blocks] == [hashlib.sha256(k).digest() for k in kept]
    sent = [asyncio.run(upload.read(b.start, b.size, b.sha256)) for b in blocks]
    assert sent == kept


@pytest.mark.parametrize("now", [b"theirs", b"ours and more", None])
def test_what_is_changed_meanwhile_is_not_sent(
    tmp_path: Path, now: bytes | None
) -> None:
    """Neither named nor read: the volume gets what was approved, or nothing."""
    upload = _upload(tmp_path, b"ours")
    (block,) = volume_in_blocks._blocks(upload)
    if now is None:
        upload.local.unlink()
    else:
        upload.local.write_bytes(now)
    with pytest.raises(RefusedError, match="'a/file' was changed while it was put"):
        volume_in_blocks._blocks(upload)
    if now != b"ours and more":  # of which the block is still a part
        with pytest.raises(RefusedError, match="'a/file' was changed while it was put"):
            asyncio.run(upload.read(0, block.size, block.sha256))


@pytest.mark.parametrize(("size", "most"), [(MEBIBYTE, 64), (8 * MEBIBYTE, 8)])
def test_never_more_than_128_mebibytes_are_in_memory(size: int, most: int) -> None:
    """Many small ones go at once, and few large ones."""
    under_way, seen = 0, 0

    async def work(_: int) -> None:
        nonlocal under_way, seen
        under_way += 1
        seen = max(seen, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    asyncio.run(side_by_side(work, range(200), lambda _: size))
    assert seen == most


def test_after_a_failure_nothing_more_is_begun() -> None:
    """The failure is told, as it was."""
    begun = []

    async def work(item: int) -> None:
        begun.append(item)
        if item == 3:
            raise ValueError(item)
        await asyncio.sleep(0)

    async def all_of_it() -> None:
        await side_by_side(work, range(200), lambda _: 1)

    with pytest.raises(ValueError, match="3"):
        asyncio.run(all_of_it())
    assert len(begun) < 200
