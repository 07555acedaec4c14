"""A stack's journal with anything in it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from components.kernel.journal import Journal

MARKS: Final = [sha256(word).hexdigest() for word in (b"a", b"b", b"c", b"d")]
_NEXT: Final = sha256(b"next").hexdigest()


def survives(content: bytes) -> None:
    """See that a journal tells what its whole lines say, and can be gone on with."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "journal"
        file.write_bytes(content)
        journal = Journal(file)
        whole = content.split(b"\n")
        for mark in MARKS:
            said = [line[:1] for line in whole if line[1:] == mark.encode()]
            known = said[-1:] not in ([], [b"-"])
            assert journal.has(mark) == known
        journal.begin(_NEXT)
        assert Journal(file).has(_NEXT)
        journal.made(_NEXT)
        assert Journal(file).was_cut_short
        before = {mark for mark in MARKS if Journal(file).has(mark)}
        journal.settle()
        after = Journal(file)
        assert not after.has(_NEXT)
        assert {mark for mark in MARKS if after.has(mark)} == before
        after.clear()
        assert not file.exists()
