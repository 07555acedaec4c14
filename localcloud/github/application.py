"""The server as one ASGI application: git, the admin routes, and the API."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
import traceback
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localcloud.github import description
from localcloud.github.actor import Actor, authenticate
from localcloud.github.admin.routes import Admin
from localcloud.github.api import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import ApiError, ForbiddenError, NotFoundError
from localcloud.github.faults import Faults
from localcloud.github.git.smart_http import GitOverHttp, is_git
from localcloud.github.journal import Journal
from localcloud.github.limits import Limits, RateLimiter
from localcloud.github.routing import Operation
from localcloud.github.store import repositories
from localcloud.github.store.database import Database
from localcloud.github.validation import Validator
from localcloud.github.views.urls import Urls

DOCUMENTATION = "https://docs.github.com/rest"
# GitHub Enterprise's prefix; clients that are told a server's name add it themselves.
ENTERPRISE = "/api/v3"
LARGEST_BODY_BYTES = 10 * 1024 * 1024
VERSIONS = ("2022-11-28", "2026-03-10")


class Application:
    """Everything that one server process holds."""

    def __init__(
        self,
        state_dir: Path,
        host: str,
        token: str,
        limits: Limits,
        repository: str | None,
    ) -> None:
        self.db = Database(state_dir / "github.sqlite")
        self.host = host
        self.git_root = state_dir / "git"
        self.git_root.mkdir(exist_ok=True)
        self.limiter = RateLimiter(limits)
        self.faults = Faults()
        self.journal = Journal()
        document = description.load()
        self.validator = Validator(document)
        self.documentation = _documentation(document)
        self.git = GitOverHttp(self.db, self.git_root)
        self.admin = Admin(
            self.db, token, self.limiter, self.faults, self.journal, document
        )
        self.admin.bootstrap(repository)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError("only HTTP is served")
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith("/_local/"):
            return self.admin.answer(request, await request.body())
        if is_git(path):
            response = await self.git.answer(request)
            self.journal.note(request.method, path, response.status_code)
            return response
        return await self._api(request)

    async def _api(self, request: Request) -> Response:
        raw = request.scope["raw_path"].decode("ascii")
        prefix = ENTERPRISE if f"{raw}/".startswith(f"{ENTERPRISE}/") else ""
        # PyGithub refuses addresses on another host than the one it was told.
        web = f"http://{request.headers.get('host') or self.host}"
        urls = Urls(web=web, api=web + prefix)
        raw = raw.removeprefix(prefix)
        fault = self.faults.next(request.method, raw)
        if fault is not None:
            self.journal.note(request.method, raw, fault.status)
            return Response(fault.text, fault.status, fault.all_headers)
        body = await request.body()
        actor, reply = self._decide(request, raw, body, urls)
        self.journal.note(request.method, raw, reply.status)
        return self._respond(request, actor, reply)

    def _decide(
        self, request: Request, raw: str, body: bytes, urls: Urls
    ) -> tuple[Actor, Reply]:
        """Everything between the request's arrival and the reply's departure."""
        actor, documentation = Actor(), DOCUMENTATION
        try:
            with self.db.transaction():
                _check_headers(request, body)
                actor = authenticate(self.db, request.headers.get("authorization"))
                raw = self._by_name(raw)
                operation, params = _found(request.method, raw)
                documentation = self.documentation[operation.method, operation.template]
                call = Call(
                    method=request.method,
                    path=raw,
                    params=params,
                    query=dict(request.query_params),
                    body=None,
                    actor=actor,
                    db=self.db,
                    urls=urls,
                    limits=self.limiter.overview(actor),
                    git_root=self.git_root,
                )
                return actor, self._run(operation, call, body)
        except ApiError as refusal:
            refused = refusal.body(documentation)
            return actor, Reply(refusal.status, refused, refusal.headers)
        except Exception as failure:  # noqa: BLE001  the server outlives any request
            sys.stderr.writelines(traceback.format_tb(failure.__traceback__))
            sys.stderr.write(f"{request.method} {raw}: {type(failure).__name__}\n")
            failed = ApiError(f"The local GitHub failed: {type(failure).__name__}.")
            return actor, Reply(500, failed.body(documentation))

    def _run(self, operation: Operation, call: Call, body: bytes) -> Reply:
        if operation.template != "/rate_limit":
            self.limiter.charge(call.actor, writes=call.writes)
        refusal = None
        try:
            handler = operation.admit(call)
            call.body = _parsed(body)
            self.validator.check_request(operation, call, body)
            reply = handler()
        except ApiError as refused:
            documentation = self.documentation[operation.method, operation.template]
            refusal = refused
            reply = Reply(refused.status, refused.body(documentation), refused.headers)
        complaints = self.validator.complaints(operation, call, reply)
        if complaints:
            self.journal.violate(call.method, call.path, reply.status, complaints)
            raise ApiError(
                f"The local GitHub's own answer ({reply.status}) departs from "
                f"GitHub's description: {'; '.join(complaints)}"
            )
        if refusal is not None:
            raise refusal  # rolls back what the handler had begun
        return reply

    def _by_name(self, raw: str) -> str:
        """The path by owner and name of a repository addressed by id."""
        parts = raw.split("/", 3)
        if len(parts) < 3 or parts[1] != "repositories" or not parts[2].isdigit():
            return raw
        number = int(parts[2]) if len(parts[2]) <= 18 else 0
        found = repositories.by_id(self.db, number)
        if found is None:
            raise NotFoundError
        return "/".join(["/repos", found.full_name, *parts[3:]])

    def _respond(self, request: Request, actor: Actor, reply: Reply) -> Response:
        headers = {
            "X-GitHub-Request-Id": secrets.token_hex(12).upper(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": _version(request),
            "Cache-Control": "private, max-age=60, s-maxage=60",
            "Vary": "Accept, Authorization, Cookie, X-GitHub-OTP",
            **reply.headers,
        }
        if actor.user and actor.token and actor.token.permissions is None:
            headers["X-OAuth-Scopes"] = "admin:org, repo, user, workflow"
        status, content = reply.status, b""
        if reply.body is not None:
            content = json.dumps(reply.body).encode()
            headers["Content-Type"] = "application/json; charset=utf-8"
        if request.method in {"GET", "HEAD"} and status == 200:
            headers["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                status, content = 304, b""
                self.limiter.refund(actor)
        headers |= self.limiter.headers(actor)
        if request.method == "HEAD":
            headers["Content-Length"] = str(len(content))
            content = b""
        return Response(content, status, headers)


def _documentation(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (method.upper(), path): operation["externalDocs"]["url"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def _found(method: str, raw: str) -> tuple[Operation, dict[str, str]]:
    found = router.find(method, raw)
    if found is None:
        raise NotFoundError
    return found


def _check_headers(request: Request, body: bytes) -> None:
    if not request.headers.get("user-agent"):
        raise ForbiddenError(
            "Request forbidden by administrative rules. Please make sure your request "
            "has a User-Agent header"
        )
    if _version(request) not in VERSIONS:
        raise ApiError(f"The API version is none of {', '.join(VERSIONS)}.", status=400)
    if len(body) > LARGEST_BODY_BYTES:
        raise ApiError("The body is too large.", status=413)


def _version(request: Request) -> str:
    return request.headers.get("x-github-api-version", VERSIONS[0])


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body, parse_constant=_no_constant)
    except ValueError:
        raise ApiError("Problems parsing JSON", status=400) from None


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(name)
