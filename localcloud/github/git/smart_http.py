"""Clones, fetches and pushes: `git http-backend`, the program GitHub's users know.

Who may do what is decided here; the protocol is git's. A token is the password of basic
authentication, with any user name, as on GitHub.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from localcloud.github.actor import authenticate
from localcloud.github.errors import ApiError
from localcloud.github.git import bare
from localcloud.github.roles import permit, role_of
from localcloud.github.store import repositories
from localcloud.github.store.database import Database
from localcloud.github.store.repositories import ROLES, Repository

_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+?)(\.git)?"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
_CHUNK = 64 * 1024


def is_git(path: str) -> bool:
    """Whether a request is git's."""
    return _PATH.fullmatch(path) is not None


class _Streamed(Response):
    """What a running backend says, as it says it.

    Starlette's own streaming response reads the request to notice a client that went
    away, and would take a push's chunks from the backend.
    """

    def __init__(
        self,
        backend: asyncio.subprocess.Process,
        status: int,
        headers: dict[str, str],
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        del self.headers["content-length"]
        self._backend = backend
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the backend's output and wait for its end."""
        del scope, receive
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        stdout = self._backend.stdout
        while stdout and (chunk := await stdout.read(_CHUNK)):
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            await send(body)
        await self._ended()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass
class GitOverHttp:
    """Answers git's requests for the repositories under one directory."""

    db: Database
    root: Path

    async def answer(self, request: Request) -> Response:
        """Let git's own backend answer, if who asks may."""
        matched = _PATH.fullmatch(request.url.path)
        if matched is None:
            raise LookupError(f"no git request: {request.url.path}")
        service = matched["service"]
        pushes = "git-receive-pack" in {service, request.query_params.get("service")}
        try:
            with self.db.transaction():
                repository, who = self._admit(request, matched, pushes=pushes)
        except ApiError as refusal:
            return _refused(refusal)
        return await self._run(request, repository, service, who, pushes=pushes)

    def _admit(
        self, request: Request, matched: re.Match[str], *, pushes: bool
    ) -> tuple[Repository, str]:
        actor = authenticate(self.db, request.headers.get("authorization"))
        owner, name = unquote(matched["owner"]), unquote(matched["repo"])
        found = repositories.by_name(
            self.db, owner, name
        ) or repositories.by_former_name(self.db, owner, name)
        role = role_of(self.db, actor, found) if found else None
        if actor.anonymous and (pushes or role is None):
            raise ApiError("Authentication required.", status=401)
        if found is None or role is None:
            raise ApiError("Repository not found.", status=404)
        who = actor.user.login if actor.user else actor.bucket
        if pushes and ROLES.index(role) < ROLES.index("push"):
            raise ApiError(
                f"Permission to {found.full_name}.git denied to {who}.", status=403
            )
        if found.private or pushes:
            permit(actor, "contents", "write" if pushes else "read")
        if pushes and found.archived:
            raise ApiError("This repository was archived, it is read-only.", status=403)
        return found, who

    async def _run(
        self,
        request: Request,
        repository: Repository,
        service: str,
        who: str,
        *,
        pushes: bool,
    ) -> Response:
        directory = bare.path_of(self.root, repository)
        backend = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(request, directory, service, who),
        )
        feeding = asyncio.create_task(_feed(request, backend))
        status, headers = await _head(backend)

        async def ended() -> None:
            await feeding
            await backend.wait()
            if pushes and service == "git-receive-pack":
                self._pushed(repository)

        return _Streamed(backend, status, headers, ended)

    def _pushed(self, repository: Repository) -> None:
        """Note the push; the first branch to arrive becomes the default branch."""
        with self.db.transaction():
            present = repositories.by_id(self.db, repository.id)
            if present is None:
                return
            repositories.touch_pushed(self.db, present)
            branches = bare.branches(self.root, present)
            if branches and present.default_branch not in branches:
                changed = repositories.update(
                    self.db, present, default_branch=branches[0]
                )
                bare.set_head(self.root, changed)


def _refused(refusal: ApiError) -> Response:
    headers = dict(refusal.headers)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return PlainTextResponse(refusal.message + "\n", refusal.status, headers)


def _environment(
    request: Request, directory: Path, service: str, who: str
) -> dict[str, str]:
    environment = bare.git_environment() | {
        "GIT_PROJECT_ROOT": str(directory.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{directory.name}/{service}",
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "REMOTE_ADDR": "127.0.0.1",
        # Pushing is on only for a named user; who may push has been checked.
        "REMOTE_USER": who,
    }
    for header, variable in (
        ("content-length", "CONTENT_LENGTH"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
        ("git-protocol", "GIT_PROTOCOL"),
    ):
        if header in request.headers:
            environment[variable] = request.headers[header]
    return environment


async def _feed(request: Request, backend: asyncio.subprocess.Process) -> None:
    if backend.stdin is None:
        return
    try:
        async for chunk in request.stream():
            backend.stdin.write(chunk)
            await backend.stdin.drain()
    except (BrokenPipeError, ConnectionResetError, ClientDisconnect):
        return  # the backend has read what it wanted, or is told the input's end
    finally:
        backend.stdin.close()


async def _head(backend: asyncio.subprocess.Process) -> tuple[int, dict[str, str]]:
    """The status and headers with which a CGI program begins its answer."""
    status, headers = 200, {}
    if backend.stdout is not None:
        while line := (await backend.stdout.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers[name] = value.strip()
    if not headers and status == 200:
        status = 500
    return status, headers
