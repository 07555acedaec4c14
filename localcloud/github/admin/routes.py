"""Which admin route is answered by which function."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from localcloud.github.admin import setup, testing
from localcloud.github.errors import ApiError, NotFoundError, UnauthenticatedError
from localcloud.github.faults import Fault, Faults
from localcloud.github.journal import Journal
from localcloud.github.limits import Limits, RateLimiter
from localcloud.github.store import accounts, tokens
from localcloud.github.store.database import Database

BOOTSTRAP_LOGIN = "local-admin"

Body = dict[str, Any]


@dataclass
class Admin:
    """Answers the routes under `/_local/`."""

    db: Database
    token: str
    limiter: RateLimiter
    faults: Faults
    journal: Journal
    document: dict[str, Any]

    def bootstrap(self, repository: str | None) -> None:
        """Make what the server was started with.

        Args:
            repository: `owner/name` of a repository, whose owner is an organization.
        """
        with self.db.transaction():
            admin = accounts.by_login(self.db, BOOTSTRAP_LOGIN) or accounts.create(
                self.db, BOOTSTRAP_LOGIN, "User", site_admin=True
            )
            tokens.add_bootstrap(self.db, self.token, admin.id)
            if repository:
                owner, _, name = repository.partition("/")
                made = {"login": owner, "owner": admin.login}
                setup.organization(self.db, made)
                setup.repository(self.db, {"owner": owner, "name": name})

    def answer(self, request: Request, body: bytes) -> JSONResponse:
        """Run a route in a transaction of its own."""
        key = request.method, request.url.path.removeprefix("/_local")
        if key == ("GET", "/health"):
            return JSONResponse({"status": "ok"})
        try:
            self._check_token(request)
            given = json.loads(body) if body.strip() else dict(request.query_params)
            with self.db.transaction():
                return JSONResponse(self._route(key)(given))
        except ValidationError as error:
            return JSONResponse({"message": _sentences(error)}, 422)
        except ApiError as refusal:
            return JSONResponse({"message": refusal.message}, refusal.status)
        except ValueError:
            return JSONResponse({"message": "The body is no JSON."}, 400)

    def _check_token(self, request: Request) -> None:
        shown = request.headers.get("authorization", "").partition(" ")[2]
        if not hmac.compare_digest(shown.encode(), self.token.encode()):
            raise UnauthenticatedError(
                "The routes under /_local take the bootstrap token only."
            )

    def _route(self, key: tuple[str, str]) -> Callable[[Body], Any]:
        route = self._routes.get(key)
        if route is None:
            raise NotFoundError(f"There is no route {' '.join(key)} under /_local.")
        return route

    @property
    def _routes(self) -> dict[tuple[str, str], Callable[[Body], Any]]:
        db = self.db
        return {
            ("POST", "/users"): lambda given: setup.user(db, given),
            ("POST", "/organizations"): lambda given: setup.organization(db, given),
            ("POST", "/memberships"): lambda given: setup.membership(db, given),
            ("POST", "/repositories"): lambda given: setup.repository(db, given),
            ("POST", "/collaborators"): lambda given: setup.collaborator(db, given),
            ("POST", "/tokens"): lambda given: setup.token(db, given),
            ("POST", "/apps"): lambda given: setup.app(db, given),
            ("POST", "/installations"): lambda given: setup.installation(db, given),
            ("GET", "/secrets"): lambda given: testing.secrets(db, given),
            ("POST", "/sealing-keys"): lambda given: testing.new_key(db, given),
            ("POST", "/clock"): lambda given: testing.clock(db, given),
            ("POST", "/limits"): self._limit,
            ("POST", "/faults"): self._fault,
            ("DELETE", "/faults"): self._no_faults,
            ("GET", "/requests"): self._requests,
            ("GET", "/violations"): lambda _: {"violations": self.journal.violations},
            ("GET", "/openapi.json"): lambda _: self.document,
        }

    def _limit(self, given: Body) -> Body:
        self.limiter.configure(Limits.model_validate(given))
        return self.limiter.limits.model_dump()

    def _fault(self, given: Body) -> Body:
        self.faults.pending.append(Fault.model_validate(given))
        return {"pending": len(self.faults.pending)}

    def _no_faults(self, _: Body) -> Body:
        self.faults.pending.clear()
        return {"pending": 0}

    def _requests(self, given: Body) -> Body:
        return {"requests": self.journal.since(int(given.get("since", 0)))}


def _sentences(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'body'}: {each['msg']}"
        for each in error.errors()
    )
