"""Proxies: named sets of static addresses that functions' traffic would come from.

Here they are records only: addresses are of the documentation range, and no traffic
passes through them.
"""

from __future__ import annotations

import ipaddress
import sqlite3

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import NO_ACCESS, Need, role_in
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, exhausted, not_found
from localcloud.modal.names import check_object_name
from localcloud.modal.objects import Kind
from localcloud.modal.registry import Access, rpc

KIND = Kind("proxy", "pr", frozenset((objects.IF_MISSING, objects.FAIL_IF_EXISTS)))
# RFC 2544's benchmarking range: never routed, and large enough.
RANGE = ipaddress.ip_network("198.18.0.0/15")
# https://modal.com/docs/guide/proxy-ips
MAX_ADDRESSES = 5


@rpc("ProxyGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.ProxyGetOrCreateRequest
) -> api_pb2.ProxyGetOrCreateResponse:
    """Look a proxy up by name, or make it."""
    row, created = objects.get_or_create(call, KIND, request)
    if created:
        _add_address(call, row)
    return api_pb2.ProxyGetOrCreateResponse(proxy_id=row["id"])


@rpc("ProxyCreate", Access.USER)
def create(
    call: Call, request: api_pb2.ProxyCreateRequest
) -> api_pb2.ProxyCreateResponse:
    """Make a proxy with its first address."""
    environment = call.environment(request.environment_name, Need.WRITE)
    name = check_object_name(request.name, KIND.title)
    if objects.by_name(call, KIND, environment["id"], name):
        msg = f"Proxy '{name}' already exists in environment '{environment['name']}'."
        raise already_exists(msg)
    row = objects.create(call, KIND, environment["id"], name=name)
    _add_address(call, row)
    return api_pb2.ProxyCreateResponse(proxy=_describe(call, row))


@rpc("ProxyGet")
def get(call: Call, request: api_pb2.ProxyGetRequest) -> api_pb2.ProxyGetResponse:
    """Look a proxy up by name."""
    environment = call.environment(request.environment_name, Need.READ)
    row = objects.by_name(call, KIND, environment["id"], request.name)
    if row is None:
        msg = (
            f"Proxy '{request.name}' not found in environment '{environment['name']}'."
        )
        raise not_found(msg)
    return api_pb2.ProxyGetResponse(proxy=_describe(call, row))


@rpc("ProxyList")
def list_all(call: Call, _: Empty) -> api_pb2.ProxyListResponse:
    """List the proxies of all environments that the caller may see."""
    rows = call.store.all(
        "SELECT objects.* FROM objects JOIN environments ON environments.id = "
        "environment_id WHERE kind=? AND workspace_id=? ORDER BY objects.created_at",
        KIND.name,
        call.who.workspace_id,
    )
    return api_pb2.ProxyListResponse(
        proxies=[
            _describe(call, row)
            for row in rows
            if role_in(call.store, call.who, _environment(call, row)) != NO_ACCESS
        ]
    )


@rpc("ProxyDelete", Access.USER)
def delete(call: Call, request: api_pb2.ProxyDeleteRequest) -> Empty:
    """Delete a proxy with its addresses."""
    objects.delete(call, KIND, request.proxy_id)
    return Empty()


@rpc("ProxyAddIp", Access.USER)
def add_ip(
    call: Call, request: api_pb2.ProxyAddIpRequest
) -> api_pb2.ProxyAddIpResponse:
    """Give a proxy one more address."""
    row = call.object(KIND.name, request.proxy_id, Need.WRITE)
    return api_pb2.ProxyAddIpResponse(proxy_ip=_add_address(call, row))


@rpc("ProxyRemoveIp", Access.USER)
def remove_ip(call: Call, request: api_pb2.ProxyRemoveIpRequest) -> Empty:
    """Take an address from its proxy."""
    proxy_id = call.store.value(
        "SELECT proxy_id FROM proxy_addresses WHERE address=?", request.proxy_ip
    )
    if proxy_id is None:
        msg = f"No proxy has the address {request.proxy_ip}."
        raise not_found(msg)
    call.object(KIND.name, proxy_id, Need.WRITE)
    call.store.run("DELETE FROM proxy_addresses WHERE address=?", request.proxy_ip)
    return Empty()


def _add_address(call: Call, row: sqlite3.Row) -> api_pb2.ProxyIp:
    taken = call.store.all("SELECT * FROM proxy_addresses")
    if sum(one["proxy_id"] == row["id"] for one in taken) >= MAX_ADDRESSES:
        msg = f"Proxy '{row['name']}' has {MAX_ADDRESSES} addresses, which is all."
        raise exhausted(msg)
    addresses = {one["address"] for one in taken}
    address = next(str(ip) for ip in RANGE.hosts() if str(ip) not in addresses)
    call.store.run(
        "INSERT INTO proxy_addresses VALUES (?, ?, ?)",
        address,
        row["id"],
        call.store.stamp(),
    )
    described = _describe(call, row).proxy_ips
    return next(ip for ip in described if ip.proxy_ip == address)


def _describe(call: Call, row: sqlite3.Row) -> api_pb2.Proxy:
    environment = _environment(call, row)["name"]
    addresses = call.store.all(
        "SELECT * FROM proxy_addresses WHERE proxy_id=? ORDER BY created_at", row["id"]
    )
    return api_pb2.Proxy(
        name=row["name"],
        created_at=row["created_at"],
        environment_name=environment,
        proxy_id=row["id"],
        proxy_ips=[
            api_pb2.ProxyIp(
                proxy_ip=one["address"],
                status=api_pb2.PROXY_IP_STATUS_ONLINE,
                created_at=one["created_at"],
                environment_name=environment,
            )
            for one in addresses
        ],
    )


def _environment(call: Call, row: sqlite3.Row) -> sqlite3.Row:
    environment = call.store.one(
        "SELECT * FROM environments WHERE id=?", row["environment_id"]
    )
    assert environment is not None  # noqa: S101 - a foreign key says so
    return environment
