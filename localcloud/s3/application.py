"""A request's way: who asks, whether they may, the answer, and its record on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from localcloud.s3.root import RootKey

HEALTH = "/_local/health"


class Application:
    """The WSGI application of all four services."""

    def __init__(self, state_dir: Path, root: RootKey) -> None:
        self._moto: Any = DomainDispatcherApplication(create_backend_app)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == HEALTH:
            start_response("200 OK", [("Content-Length", "0")])
            return []
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer

    def close(self) -> None:
        """End cleanly."""
