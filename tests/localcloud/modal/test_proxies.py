"""Proxies, by the RPCs that the dashboard and the SDK's lookup use."""

from __future__ import annotations

import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_pb2

from tests.support.modal_raw import call


@pytest.fixture
def proxy(plane, environment):
    """A fresh proxy."""
    request = api_pb2.ProxyCreateRequest(name="p", environment_name=environment)
    return call(plane, "ProxyCreate", request).proxy


def test_proxy_is_created_with_an_address_and_found_by_name(plane, environment, proxy):
    """A new proxy has one address, and lookups by name reach it."""
    assert len(proxy.proxy_ips) == 1
    get = api_pb2.ProxyGetRequest(name="p", environment_name=environment)
    assert call(plane, "ProxyGet", get).proxy == proxy
    lookup = api_pb2.ProxyGetOrCreateRequest(
        deployment_name="p", environment_name=environment
    )
    assert call(plane, "ProxyGetOrCreate", lookup).proxy_id == proxy.proxy_id
    assert proxy in call(plane, "ProxyList", Empty()).proxies
    again = api_pb2.ProxyCreateRequest(name="p", environment_name=environment)
    with pytest.raises(GRPCError) as caught:
        call(plane, "ProxyCreate", again)
    assert caught.value.status == Status.ALREADY_EXISTS


def test_addresses_are_added_up_to_the_limit_and_removed(plane, environment, proxy):
    """A proxy has at most five addresses, all different."""
    add = api_pb2.ProxyAddIpRequest(proxy_id=proxy.proxy_id)
    added = [call(plane, "ProxyAddIp", add).proxy_ip.proxy_ip for _ in range(4)]
    assert len({*added, proxy.proxy_ips[0].proxy_ip}) == 5
    with pytest.raises(GRPCError) as caught:
        call(plane, "ProxyAddIp", add)
    assert caught.value.status == Status.RESOURCE_EXHAUSTED
    call(plane, "ProxyRemoveIp", api_pb2.ProxyRemoveIpRequest(proxy_ip=added[0]))
    get = api_pb2.ProxyGetRequest(name="p", environment_name=environment)
    left = {ip.proxy_ip for ip in call(plane, "ProxyGet", get).proxy.proxy_ips}
    assert added[0] not in left
    assert len(left) == 4


def test_deleted_proxy_is_gone(plane, environment, proxy):
    """Lookups of a deleted proxy miss."""
    call(plane, "ProxyDelete", api_pb2.ProxyDeleteRequest(proxy_id=proxy.proxy_id))
    get = api_pb2.ProxyGetRequest(name="p", environment_name=environment)
    with pytest.raises(GRPCError) as caught:
        call(plane, "ProxyGet", get)
    assert caught.value.status == Status.NOT_FOUND
