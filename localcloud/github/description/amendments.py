"""Where GitHub is known to answer other than its description says.

Each amendment is a fact about GitHub, not about this server. Everything else in a
request or a response that the description does not have is an error.
"""

from __future__ import annotations

from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")

# Few operations list the refusals that every one of them can give.
_REFUSALS = {
    "400": "the body is no JSON",
    "401": "no token where one is needed, or an unknown one",
    "403": "not allowed, or above a rate limit",
    "404": "absent, or invisible to the token",
    "409": "against the present state, e.g. a variable's name that is taken",
    "422": "understood and refused",
    "429": "above a secondary rate limit",
}
_NOT_MODIFIED = "304"
_MOVED = {"get": "301", "put": "307", "post": "307", "patch": "307", "delete": "307"}

_ENVIRONMENT = "/repos/{owner}/{repo}/environments/{environment_name}"
_CAN_ADMINS_BYPASS = {
    "type": "boolean",
    "description": "Sent by GitHub's own clients and given in every answer, but not "
    "described (terraform-provider-github sends it, go-github has it in Environment).",
}


def amend(document: dict[str, Any]) -> None:
    """Apply all amendments to the description, in place."""
    _admins_may_bypass(document)
    _installed_by_user_or_enterprise(document)
    _open_for_no_reason(document)
    for path, item in document["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                _refusals(operation)
                _unconditional(path, method, operation)


def _admins_may_bypass(document: dict[str, Any]) -> None:
    put = document["paths"][_ENVIRONMENT]["put"]
    body = put["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["can_admins_bypass"] = _CAN_ADMINS_BYPASS
    shown = document["components"]["schemas"]["environment"]
    shown["properties"]["can_admins_bypass"] = _CAN_ADMINS_BYPASS


def _installed_by_user_or_enterprise(document: dict[str, Any]) -> None:
    """In the list of installations an account is a user or an enterprise, not both.

    The description of one installation has it right (`anyOf`).
    """
    listing = document["paths"]["/app/installations"]["get"]["responses"]["200"]
    shown = listing["content"]["application/json"]["schema"]["items"]
    account = shown["properties"]["account"]
    account["anyOf"] = account.pop("allOf")


def _open_for_no_reason(document: dict[str, Any]) -> None:
    """An issue that was never closed has the reason null.

    The description calls it nullable, but has no null among the values.
    """
    reason = document["components"]["schemas"]["issue"]["properties"]["state_reason"]
    reason["enum"] = [*reason["enum"], None]


def _refusals(operation: dict[str, Any]) -> None:
    """Give every refusal one of GitHub's error bodies, where none is described.

    A described refusal without a body (404 of a branch policy) has one in fact.
    """
    body = {"$ref": "#/components/schemas/basic-error"}
    for status, reason in _REFUSALS.items():
        described = operation["responses"].setdefault(status, {"description": reason})
        if "$ref" not in described:
            described["content"] = {"application/json": {"schema": body}}
        elif status == "422":
            # GitHub's refusals of this status come with and without `errors`.
            operation["responses"][status] = {
                "description": reason,
                "content": {"application/json": {"schema": body}},
            }


def _unconditional(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if method == "get":
        # Every GET answers a matching If-None-Match with 304 and no body.
        responses.setdefault(_NOT_MODIFIED, {"description": "Not modified"})
    if path.startswith("/repos/"):
        # Every path of a renamed repository leads to its address by id.
        body = {"schema": {"$ref": "#/components/schemas/basic-error"}}
        moved = {"description": "MovedError", "content": {"application/json": body}}
        responses.setdefault(_MOVED[method], moved)
