"""A request's way: who asks, whether they may, the answer, and its record on disk.

One thread does all of that, one request after the other. moto's models take no more,
and so nobody ever reads what is not on disk yet.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import create_backend_app

from localcloud.s3 import errors, patches
from localcloud.s3.access import Access
from localcloud.s3.errors import AwsError, Refusal
from localcloud.s3.http import Answer, Request, call
from localcloud.s3.patches import permissions
from localcloud.s3.storage import Storage

if TYPE_CHECKING:
    from localcloud.s3.access import Asked
    from localcloud.s3.root import RootKey

HEALTH = "/_local/health"


class Application:
    """The ASGI application of all four services."""

    def __init__(self, state_dir: Path, root: RootKey) -> None:
        self._thread = ThreadPoolExecutor(1, "requests")
        self._thread.submit(self._open, state_dir, root).result()

    def _open(self, state_dir: Path, root: RootKey) -> None:
        patches.apply()
        self._storage = Storage(state_dir)
        self._access = Access(root)
        self._apps: dict[str, Any] = {}

    def close(self) -> None:
        """Finish the request at hand and leave the state folder tidy."""
        self._thread.submit(self._storage.close).result()
        self._thread.shutdown()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; there is nothing but HTTP here."""
        if scope["type"] != "http":
            return
        request = await _received(scope, receive)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._thread, self.answer, request)
        _log(request, answer)
        await _send(answer, send, has_body=request.method != "HEAD")

    def answer(self, request: Request) -> Answer:
        """Answer a request, whatever happens."""
        if request.raw_path == HEALTH:
            return Answer(200)
        service = self._access.service(request)
        try:
            asked = self._access.admit(service, request)
            try:
                return self._carry_out(asked)
            finally:
                self._storage.save(asked)
        except AwsError as error:
            refusal = error
        except NotImplementedError:
            refusal = AwsError(
                "NotImplemented", "The local cloud does not have this operation.", 501
            )
        except Exception:  # noqa: BLE001  the border: one request's fault is its own
            traceback.print_exc()
            refusal = AwsError("InternalError", "See the log of the local S3.", 500)
        return errors.answer(refusal, service, is_head=request.method == "HEAD")

    def _carry_out(self, asked: Asked) -> Answer:
        service = asked.service
        if service not in self._apps:
            self._apps[service] = create_backend_app(service)
        with permissions.refused(asked.refused_keys):
            answer = call(self._apps[service], asked.request)
        if answer.status == 404 and asked.hides_absence:
            raise errors.refuse(service, Refusal.DENIED, "Access Denied")
        return answer


async def _received(scope: Any, receive: Any) -> Request:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return Request(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query_string=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name != b"transfer-encoding"  # the body is in one piece here
        ),
        body=b"".join(parts),
        is_secure=scope["scheme"] == "https",
        source_ip=scope["client"][0],
    )


async def _send(answer: Answer, send: Any, *, has_body: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers
    ]
    if not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": headers}
    )
    body = answer.body if has_body else b""
    await send({"type": "http.response.body", "body": body})


def _log(request: Request, answer: Answer) -> None:
    """Log what was asked, without the query: a presigned URL's is a credential."""
    print(request.method, request.raw_path, answer.status, file=sys.stderr)
