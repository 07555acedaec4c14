"""The account's IP allowlist."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

HERE = {"ip_network": "127.0.0.0/8", "description": "this machine"}
OFFICE = {"ip_network": "203.0.113.0/24"}
HOME = {"ip_network": "2001:db8::7", "enabled": False}


def _inputs(_: World, name: str) -> Properties:
    del name
    return {"entries": [OFFICE, HERE, HOME], "enforced": False}


def _drift(world: World, live: Object) -> set[str]:
    del live
    here = {**HERE, "enabled": True}
    world.call("PUT", "/ip_allowlist", {"entries": [here]})
    world.call("PATCH", "/settings", {"enforce_ip_allowlist": True})
    return {"entries", "enforced"}


def _remove(world: World, live: Object) -> None:
    del live
    world.call("PUT", "/ip_allowlist", {"entries": []})


def _exists(world: World, live: Object) -> int:
    del live
    return int(bool(world.call("GET", "/ip_allowlist")["entries"]))


SAMPLE = Sample(
    token="prefect:IpAllowlist",
    inputs=_inputs,
    mutable={
        "enforced": {"enforced": True},
        "another": {"entries": [HERE, {"ip_network": "198.51.100.7"}]},
    },
    unset=("enforced",),
    invalid={
        "entries[0].ip_network": {"entries": [{"ip_network": "203.0.113.7/24"}]},
        "enforced": {"enforced": "maybe"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"entries": [HERE]},
    singleton=True,
    without={"test_a_batch_of_reads_costs_what_one_costs": "there is one of it"},
)
