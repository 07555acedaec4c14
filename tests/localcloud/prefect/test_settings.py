"""The account's settings, domains and IP allowlist, on a cloud of their own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.localcloud import LocalCloud


@pytest.fixture(scope="module")
def own_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("settings")
    with LocalCloud.start(folder) as cloud, cloud.client() as client:
        yield client


def test_the_account_is_read_and_changed(own_api):
    """A PATCH changes what it names; settings have a path of their own."""
    before = own_api.get("/").json()
    assert own_api.patch(
        "/", json={"name": "Ours", "link": "https://x.test"}
    ).is_success
    assert own_api.patch("/settings", json={"managed_execution": False}).is_success
    after = own_api.get("/").json()
    assert (after["name"], after["link"]) == ("Ours", "https://x.test")
    assert after["handle"] == before["handle"]
    assert after["settings"] == {**before["settings"], "managed_execution": False}
    assert own_api.get("/settings").json() == after["settings"]
    assert own_api.patch("/settings", json={"nonsense": 1}).status_code == 422


def test_domains_are_replaced(own_api):
    """A PATCH of the domains is the whole list."""
    for names in (["a.test", "b.test"], ["b.test"]):
        assert own_api.patch("/domains", json={"domain_names": names}).is_success
        listed = own_api.get("/domains").json()
        assert [domain["name"] for domain in listed] == names
    assert own_api.get("/").json()["domain_names"] == ["b.test"]


def test_the_allowlist_is_replaced_and_enforced(own_api):
    """Once enforced, an address outside it is refused all but the way back in."""
    elsewhere = {"ip_network": "203.0.113.0/24", "enabled": True, "description": "x"}
    here = {"ip_network": "127.0.0.1", "enabled": True}
    assert own_api.put("/ip_allowlist", json={"entries": [elsewhere]}).is_success
    assert own_api.get("/ip_allowlist/my_access").json()["allowed"] is False
    assert own_api.post("/bots/filter", json={}).status_code == 200
    assert own_api.patch("/settings", json={"enforce_ip_allowlist": True}).is_success
    assert own_api.post("/bots/filter", json={}).status_code == 403
    assert own_api.put("/ip_allowlist", json={"entries": [elsewhere, here]}).is_success
    assert own_api.post("/bots/filter", json={}).status_code == 200
    entries = own_api.get("/ip_allowlist").json()["entries"]
    seen = {entry["ip_network"]: entry["last_seen"] for entry in entries}
    assert seen["203.0.113.0/24"] is None
    assert seen["127.0.0.1/32"] is not None
    disabled = [elsewhere, {**here, "enabled": False}]
    assert own_api.put("/ip_allowlist", json={"entries": disabled}).is_success
    assert own_api.post("/bots/filter", json={}).status_code == 403
    assert own_api.patch("/settings", json={"enforce_ip_allowlist": False}).is_success


def test_a_bad_network_is_422(own_api):
    """What is not a network is refused, and the allowlist stays as it was."""
    body = {"entries": [{"ip_network": "not-a-network", "enabled": True}]}
    assert own_api.put("/ip_allowlist", json=body).status_code == 422
