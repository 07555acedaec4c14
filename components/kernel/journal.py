"""What a stack has begun to make and its state may not know of.

The engine writes state after each step, or, with PULUMI_SKIP_CHECKPOINTS, when a run
ends. What a killed run had made by then is in no state. The next run finds it by name;
this file is how it tells its own from somebody else's, so that it takes up its own
whatever became of it: half made, or made with a key that has since been replaced.

A line is appended, and on the disk, before an object is made: that is linear in their
number, where checkpoints are quadratic. It is a hash of the kind, the place and the
natural key, and holds nothing to hide. Whoever runs the engine names the file by
FLOWGROUND_JOURNAL and removes it when a run has ended well; where none is named,
nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

VARIABLE: Final = "FLOWGROUND_JOURNAL"
_BEGUN: Final = "+"
_MADE: Final = "="
_NOT_OURS: Final = "-"
_KNOWN: Final = (_BEGUN, _MADE, _NOT_OURS)


class Journal:
    """The journal of the running stack, as earlier runs left it, and its end."""

    def __init__(self, path: Path | None) -> None:
        """Read what earlier runs left.

        Args:
            path: The file, which need not be there yet; None keeps nothing.
        """
        self._path = path
        self._lock = threading.Lock()
        self._lines = _lines(path)
        self._last = {line[1:]: line[:1] for line in self._lines}

    @classmethod
    def of_environment(cls) -> Journal:
        """Open the one that whoever runs the engine has named."""
        named = os.environ.get(VARIABLE)
        return cls(Path(named) if named else None)

    def has(self, mark: str) -> bool:
        """Tell whether an earlier run had begun to make the object."""
        return self._last.get(mark, _NOT_OURS) != _NOT_OURS

    @property
    def was_cut_short(self) -> bool:
        """Whether a run made objects and did not live to write them into its state."""
        return _MADE in self._last.values()

    def begin(self, mark: str) -> None:
        """Note that the object is about to be made; it was not there.

        Raises:
            ConfigurationError: That cannot be noted, so it must not be made.
        """
        self._append(_BEGUN, mark, lasting=True)

    def made(self, mark: str) -> None:
        """Note that the object was made, and is for the engine to write into state."""
        with suppress(ConfigurationError):  # it is noted as begun, which is as good
            self._append(_MADE, mark, lasting=False)

    def withdraw(self, mark: str) -> None:
        """Note that the object turned out to be somebody else's."""
        self._append(_NOT_OURS, mark, lasting=True)

    def settle(self) -> None:
        """Drop what a run, which has ended since, has made: its state has it now.

        What it may have made is kept, and what an earlier one made that was killed.
        """
        if self._path is None:
            return
        new = _lines(self._path)[len(self._lines) :]
        last = self._last | {line[1:]: line[:1] for line in new}
        settled = {line[1:] for line in new if last[line[1:]] == _MADE}
        fresh = self._path.with_suffix(".new")
        kept = (known + mark for mark, known in last.items() if mark not in settled)
        try:
            fresh.write_text("".join(f"{line}\n" for line in kept))
        except OSError:  # the disk is full; what is there says too much, which is safe
            fresh.unlink(missing_ok=True)
        else:
            fresh.replace(self._path)

    def clear(self) -> None:
        """Forget everything: a run has ended well, and all there is is in its state."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _append(self, known: str, mark: str, *, lasting: bool) -> None:
        if self._path is None:
            return
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        with self._lock, _telling(self._path, "written"):
            descriptor = os.open(self._path, flags, 0o600)
            try:
                line = f"{_end_of_line(descriptor)}{known}{mark}\n".encode()
                while line:  # a disk that is nearly full takes a part, then none
                    line = line[os.write(descriptor, line) :]
                if lasting:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def _telling(path: Path, how: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"the journal {path}, in which flowground notes what it makes, cannot be "
            f"{how} ({error.strerror}); make room on that disk and see who may use the "
            f"file, or name another by {VARIABLE}"
        ) from None


def _lines(path: Path | None) -> list[str]:
    if path is None or not path.exists():
        return []
    with _telling(path, "read"):
        text = path.read_bytes().decode(errors="replace")
    return [line for line in text.splitlines() if line[:1] in _KNOWN]


def _end_of_line(descriptor: int) -> str:
    """Return what ends the last line, of which a full disk may have kept a part."""
    size = os.fstat(descriptor).st_size
    whole = size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
    return "" if whole else "\n"


def mark_of(token: str, scope: Hashable, key: Hashable) -> str:
    """Return what stands for one object: of a kind, in a place, by its natural key."""
    text = json.dumps([token, str(scope), str(key)])
    return hashlib.sha256(text.encode()).hexdigest()
