"""Holds every request and every answer to GitHub's description."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from jsonschema_path import SchemaPath
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.datatypes import TemplateResult
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.validation.request.exceptions import (
    ParameterValidationError,
    RequestBodyValidationError,
)
from openapi_core.validation.request.validators import V30RequestValidator
from openapi_core.validation.response.validators import V30ResponseValidator
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from localcloud.github.call import Call, Reply
from localcloud.github.errors import ApiError, NotFoundError, UnprocessableError
from localcloud.github.formats import CHECKS
from localcloud.github.routing import Operation


@dataclass
class _Request:
    """A request in the shape openapi-core reads; `path` is the operation's template."""

    path: str
    method: str
    parameters: RequestParameters
    body: bytes | None
    content_type: str = "application/json"
    host_url: str = ""


@dataclass
class _Response:
    status_code: int
    data: bytes | None
    headers: Headers = field(default_factory=Headers)
    content_type: str = "application/json"


@runtime_checkable
class _SchemaError(Protocol):
    """What jsonschema says of one violation."""

    absolute_path: Iterable[str | int]
    validator: str
    validator_value: Any


class _TemplateFinder(APICallPathFinder):
    """Finds an operation by its exact template: the router has matched the path."""

    def find(self, method: str, name: str) -> PathOperationServer:
        path = self.spec / "paths" / name
        found = TemplateResult(name, {})
        return PathOperationServer(path, path / method, None, found, found)


class _RequestValidator(V30RequestValidator):
    path_finder_cls = _TemplateFinder
    # A test does this once; at each start it would take seconds.
    spec_validator_cls = None  # type: ignore[assignment]  # its constructor takes it


class _ResponseValidator(V30ResponseValidator):
    path_finder_cls = _TemplateFinder
    spec_validator_cls = None  # type: ignore[assignment]  # as above


class Validator:
    """Checks against one description."""

    def __init__(self, document: dict[str, Any]) -> None:
        spec = SchemaPath.from_dict(document)
        self._requests = _RequestValidator(spec, extra_format_validators=CHECKS)
        self._responses = _ResponseValidator(spec, extra_format_validators=CHECKS)

    def check_request(self, operation: Operation, call: Call, body: bytes) -> None:
        """Refuse a request that the description does not allow.

        What is wrong in a path parameter names nothing (404); all else is 422. The
        refusal repeats no values, which may be secrets.
        """
        for error in self._requests.iter_errors(_request(operation, call, body)):
            raise _refusal(error)

    def complaints(self, operation: Operation, call: Call, reply: Reply) -> list[str]:
        """What in the answer is not as the description has it."""
        data = None if reply.body is None else json.dumps(reply.body).encode()
        response = _Response(reply.status, data, Headers(list(reply.headers.items())))
        request = _request(operation, call, b"")
        return [
            _sentence(error) for error in self._responses.iter_errors(request, response)
        ]


def _request(operation: Operation, call: Call, body: bytes) -> _Request:
    parameters = RequestParameters(
        query=ImmutableMultiDict(call.query),
        header=Headers(),
        cookie=ImmutableMultiDict(),
        path=dict(call.params),
    )
    method = operation.method.lower()
    return _Request(operation.template, method, parameters, body or None)


def _refusal(error: Exception) -> ApiError:
    if isinstance(error, ParameterValidationError) and error.location == "path":
        return NotFoundError()
    if isinstance(error, RequestBodyValidationError | ParameterValidationError):
        return UnprocessableError(f"Invalid request.\n\n{_sentence(error)}")
    return UnprocessableError("Invalid request.")


def _sentence(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InvalidSchemaValue):
        cause = cause.__cause__
    if cause is None:
        return str(error) or type(error).__name__
    return "; ".join(_complaint(each) for each in cause.schema_errors)


def _complaint(error: Exception) -> str:
    if not isinstance(error, _SchemaError):
        return type(error).__name__
    where = "/".join(str(part) for part in error.absolute_path) or "The value"
    return f"{where} does not satisfy {error.validator} {error.validator_value!r:.200}"
