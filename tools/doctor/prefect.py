"""Prefect: by plain requests to where the clients of an `up` would go, with its key."""

from __future__ import annotations

import json
import os
import ssl
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ConfigurationError
from components.prefect.client import connect_account, connect_workspace

from .clock import clock
from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import httpx

    from components.prefect.client import Endpoint

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "prefect"
SECONDS: Final = 10.0
_SERVER: Final = 3
# Where an empty object is refused: as invalid where one may write, else as forbidden.
_WRITES: Final = {
    "variables": "/variables/",
    "blocks": "/block_documents/",
    "work_pools": "/work_pools/",
    "flow_projects": "/deployments/",
    "deployments": "/deployments/",
    "concurrency_limits": "/v2/concurrency_limits/",
    "tag_concurrency_limits": "/concurrency_limits/",
    "automations": "/automations/",
    "webhooks": "/webhooks/",
}


def prefect(patient: Patient) -> Iterator[Finding]:
    """See that Prefect answers, takes the key, and lets it do what the config needs."""
    settings = patient.part("prefect")
    if settings is None:
        return
    workspace = settings.get("workspace") or {}
    server = workspace.get("layout") == "server"
    try:
        api = connect_workspace(patient, None) if server else connect_account(patient)
    except ConfigurationError as error:
        yield stop(ABOUT, "settings", str(error))
        return
    endpoint = api._endpoint  # noqa: SLF001  # what an `up` would connect with
    import httpx  # noqa: PLC0415  # a quarter of a second

    try:
        with _client(endpoint) as client:
            yield from _look(client, endpoint, settings, server=server)
    except httpx.HTTPError as error:
        told = (
            f"{endpoint.url} cannot be reached ({type(error).__name__}); check "
            f"PREFECT_API_URL, PREFECT_CLOUD_API_URL and the network"
        )
        yield stop(ABOUT, "reach", told)


def _client(endpoint: Endpoint) -> httpx.Client:
    """Return a client with the settings of Prefect's own that decide who it reaches."""
    import httpx  # noqa: PLC0415  # as above

    headers = dict(json.loads(os.environ.get("PREFECT_CLIENT_CUSTOM_HEADERS") or "{}"))
    if endpoint.api_key:
        headers["Authorization"] = f"Bearer {endpoint.api_key}"
    user, _, password = (endpoint.auth_string or "").partition(":")
    bundle = os.environ.get("PREFECT_API_SSL_CERT_FILE")
    return httpx.Client(
        base_url=endpoint.url,
        headers=headers,
        auth=(user, password) if endpoint.auth_string else None,
        verify=ssl.create_default_context(cafile=bundle) if bundle else True,
        timeout=SECONDS,
        trust_env=not endpoint.loopback,
    )


def _look(
    client: httpx.Client, endpoint: Endpoint, settings: dict[str, Any], *, server: bool
) -> Iterator[Finding]:
    told = client.get("/admin/version") if server else client.get("")
    if told.status_code in {401, 403}:
        key = "PREFECT_API_AUTH_STRING" if server else "PREFECT_API_KEY"
        said = (
            f"{endpoint.url} says {told.status_code}; set {key} to one that is valid, "
            f"not expired, and of this account"
        )
        yield stop(ABOUT, "credential", said)
        return
    if not told.is_success:
        said = (
            f"{endpoint.url} says {told.status_code}; check PREFECT_API_URL, "
            f"PREFECT_CLOUD_API_URL and PREFECT_CLOUD_ACCOUNT_ID"
        )
        yield stop(ABOUT, "reach", said)
        return
    yield fine(ABOUT, "reach", endpoint.url)
    yield from clock(ABOUT, told.headers.get("date"))
    yield from _version(told.json() if server else None)
    inside = endpoint.url if server else None
    if not server:
        yield fine(
            ABOUT, "credential", f"accepted by account {told.json().get('handle')}"
        )
        found = yield from _workspace(client, settings["workspace"])
        inside = f"{endpoint.url}/workspaces/{found}" if found else None
        if settings.get("service_accounts"):
            yield from _writes(client, "/bots/", "service accounts", "in the account")
    if inside:
        wanted = {
            where: group.replace("_", " ")
            for group, where in _WRITES.items()
            if settings.get(group)
        }
        for path, what in wanted.items():
            yield from _writes(client, inside + path, what, "in the workspace")


def _version(told: Any) -> Iterator[Finding]:
    ours = version("prefect-client")
    if told is None:
        yield fine(ABOUT, "version", f"Prefect Cloud, client {ours}")
    elif int(str(told).partition(".")[0]) < _SERVER:
        yield stop(ABOUT, "version", f"the server is {told}; upgrade it to {_SERVER}.x")
    else:
        yield fine(ABOUT, "version", f"server {told}, client {ours}")


def _workspace(
    client: httpx.Client, wanted: dict[str, Any]
) -> Generator[Finding, None, str | None]:
    """Yield what there is to say of the workspace; return its id if it is there."""
    handle = wanted.get("handle")
    asked = {"workspaces": {"handle": {"any_": [handle]}}, "limit": 200}
    listed = client.post("/workspaces/filter", json=asked)
    if not listed.is_success:
        said = (
            f"the key may not list them ({listed.status_code}); give its owner a role"
        )
        yield stop(ABOUT, "workspace", said)
        return None
    for found in listed.json():
        if found["handle"] == handle:
            yield fine(ABOUT, "workspace", f"{handle} is there")
            return str(found["id"])
    if wanted.get("layout", "own") == "own":
        yield from _writes(
            client, "/workspaces/", f"workspace {handle}", "in the account"
        )
    else:
        said = (
            f"there is no '{handle}' that the key may see; make it, or correct `handle`"
        )
        yield stop(ABOUT, "workspace", said)
    return None


def _writes(
    client: httpx.Client, path: str, what: str, where: str
) -> Iterator[Finding]:
    answer = client.post(path, json={})
    match answer.status_code:
        case 422:
            yield fine(ABOUT, "permission", f"may make {what} {where}")
        case 401 | 403:
            said = f"may not make {what} {where}; give the key's owner a role that may"
            yield stop(ABOUT, "permission", said)
        case other:
            said = (
                f"whether it may make {what} {where} cannot be told (the answer is "
                f"{other}); `make preview` tells more"
            )
            yield warn(ABOUT, "permission", said)
