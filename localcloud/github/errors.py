"""What the API answers when it does not do as asked.

ApiError                    any status with GitHub's error body
├── UnauthenticatedError    401: no token where one is needed, or an unknown one
├── ForbiddenError          403: known and visible, but not allowed
├── NotFoundError           404: absent, or invisible to this token
├── ConflictError           409: against the object's present state
├── UnprocessableError      422: understood and refused
└── MovedError              301 or 307: a repository's former name
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with GitHub's error body."""

    status = 500

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or type(self).status
        self.errors = errors
        self.headers = headers or {}

    def body(self, documentation_url: str) -> dict[str, Any]:
        """GitHub's error body; every member is where its clients look for it."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        body |= {"documentation_url": documentation_url, "status": str(self.status)}
        return body


class UnauthenticatedError(ApiError):
    """Who asks is unknown."""

    status = 401


class ForbiddenError(ApiError):
    """Who asks may not."""

    status = 403


class NotFoundError(ApiError):
    """There is no such thing, as far as this token can see."""

    status = 404

    def __init__(self, message: str = "Not Found") -> None:
        super().__init__(message)


class ConflictError(ApiError):
    """The present state is against it."""

    status = 409


class UnprocessableError(ApiError):
    """The request is understood and refused."""

    status = 422

    @classmethod
    def field(
        cls, resource: str, field: str, code: str, message: str
    ) -> UnprocessableError:
        """GitHub's "Validation Failed" with one error about one field."""
        error = {"resource": resource, "field": field, "code": code, "message": message}
        return cls("Validation Failed", errors=[error])


class MovedError(ApiError):
    """The repository has another name now; the answer leads to it by id."""

    def __init__(self, location: str, *, keep_method: bool) -> None:
        self.location = location
        status = 307 if keep_method else 301
        super().__init__(
            "Temporary Redirect" if keep_method else "MovedError Permanently",
            status=status,
            headers={"Location": location},
        )

    def body(self, documentation_url: str) -> dict[str, Any]:
        """As every error, with the new address."""
        return {**super().body(documentation_url), "url": self.location}
