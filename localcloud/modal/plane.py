"""The control plane as a whole: what its parts share."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from localcloud.modal.content import Content
from localcloud.modal.identity import Identity
from localcloud.modal.seal import Seal
from localcloud.modal.signals import Signals
from localcloud.modal.store import Store
from localcloud.modal.urls import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.modal.containers import Container
    from localcloud.modal.settings import Settings


@dataclass(slots=True)
class Plane:
    """State, content, and the settings it was started with."""

    settings: Settings
    lock: TextIO
    store: Store
    seal: Seal
    content: Content
    urls: Urls
    identity: Identity
    signals: Signals = field(default_factory=Signals)
    grpc_url: str = ""
    closing: bool = False
    """What is interrupted from now on is taken up at the next start."""
    containers: dict[str, Container] = field(default_factory=dict)
    """The containers that run, by task id."""

    @classmethod
    def open(cls, settings: Settings) -> Plane:
        """Open the state folder, making it if it is not there."""
        folder: Path = settings.state_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _lock(folder / "lock")
        seal = Seal(folder / "seal.key")
        return cls(
            lock=lock,
            settings=settings,
            store=Store(folder / "state.sqlite"),
            seal=seal,
            content=Content(folder / "content"),
            urls=Urls(seal),
            identity=Identity(folder / "identity.pem"),
        )

    def close(self) -> None:
        """Let go of the state."""
        self.store.close()
        self.lock.close()


def _lock(path: Path) -> TextIO:
    """Keep others off the folder, until this process ends in whatever way."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = (
            f"another control plane runs on {path.parent}: stop it, or choose another "
            "--state-dir"
        )
        raise SystemExit(msg) from None
    return file
