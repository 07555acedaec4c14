"""What one control plane is started with."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line of `python -m localcloud.modal`, checked."""

    token_id: str
    token_secret: str
    state_dir: Path
    port: int = 0
    http_port: int = 0
    workspace: str = "local"
    auto_approve: bool = False
    python: Path = Path(sys.executable)
    """The interpreter that runs functions: it stands in for every image."""
    image_env: tuple[str, ...] = ()
    """`NAME=value` of what base images, which are not pulled here, would set."""
    max_containers: int = 8
    """How many function containers run at a time, whatever the functions ask for."""
    multipart_threshold: int = GIB
    """Blobs above this many bytes are uploaded in parts; the client itself asks for it
    above 1 GiB, where it no longer computes the MD5 that a single part needs."""
