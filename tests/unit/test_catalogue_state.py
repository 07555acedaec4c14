"""What the catalogue takes from state, and what it never does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogue_sample import (
    CANARIES,
    CANARY,
    export,
    resource,
    secret,
    urn,
)
from tools.catalogue.state import Resource, resources
from tools.catalogue.values import HIDDEN, SECRET, flat

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        | inner.map(json.dumps)
    ),
    max_leaves=8,
)


def of(*given: dict[str, Any]) -> list[Resource]:
    return resources({"deployment": {"resources": list(given)}})


def by_name(stack: str) -> dict[str, Resource]:
    return {one.name: one for one in resources(export(stack))}


def with_secret(inside: Any) -> st.SearchStrategy[Any]:
    """Make property values that hold a secret somewhere."""
    return st.recursive(
        st.just(inside),
        lambda inner: (
            st.tuples(plain, inner, plain).map(list)
            | st.tuples(plain, inner).map(lambda two: {"a": two[0], "b": two[1]})
        ),
        max_leaves=4,
    )


@given(with_secret(secret()))
def test_no_part_of_a_secret_leaves_state(value: Any) -> None:
    """However deep a secret lies, its ciphertext and its mark stay behind."""
    told = dict(flat(value, "field"))
    assert SECRET in told.values()
    assert not any(canary in text for canary in CANARIES for text in told.values())


def test_no_canary_is_in_a_whole_stack() -> None:
    """Inputs alone are taken; outputs, secrets and what looks like one are not."""
    shown = repr(resources(export("prod")))
    assert [canary for canary in CANARIES if canary in shown] == []
    assert SECRET in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"password": CANARY}, {"password": HIDDEN}),
        ({"db": {"apiKey": CANARY}}, {"db.apiKey": HIDDEN}),
        ({"token": [CANARY]}, {"token": HIDDEN}),
        ({"token": ""}, {"token": ""}),
        ({"aws_access_key_id": CANARY}, {"aws_access_key_id": HIDDEN}),
        ({"data": {"token_id": f'"{CANARY}"'}}, {"data.token_id": HIDDEN}),
        ({"tokens": 3, "keyboard": "qwerty"}, {"tokens": "3", "keyboard": "qwerty"}),
        (json.dumps({"auth_token": CANARY}), {"auth_token": HIDDEN}),
        ({"url": f"https://me:{CANARY}@x/y"}, {"url": "https://me:[hidden]@x/y"}),
        ({"urls": [f"a://:{CANARY}@b"]}, {"urls": '["a://:[hidden]@b"]'}),
    ],
)
def test_what_looks_like_a_credential_is_hidden(value: Any, told: Any) -> None:
    """A credential that nobody marked as a secret is not passed around either."""
    assert dict(flat(value)) == told


def test_values_are_taken_apart_by_path() -> None:
    """JSON in text is read like any other value; list items go by their names."""
    value = {
        "schedules": [{"slug": "night", "cron": "0 2 * * *"}, {"cron": "x"}],
        "parameters": '{"limit": null, "deep": {"a": [1, "ä"]}}',
        "text": '"as JSON"',
        "not_json": "{nor that",
        "none": {},
    }
    assert dict(flat(value)) == {
        "schedules[night].slug": "night",
        "schedules[night].cron": "0 2 * * *",
        "schedules[1].cron": "x",
        "parameters.limit": "null",
        "parameters.deep.a": '[1, "ä"]',
        "text": "as JSON",
        "not_json": "{nor that",
        "none": "{}",
    }


def test_ids_of_other_resources_are_told_by_name() -> None:
    """What points at a neighbour reads the same in every stack."""
    for stack in ("dev", "prod"):
        pool = by_name(stack)["modal-push"]
        assert pool.fields["workspace_id"] == "<prefect:Workspace workspace>"


def test_a_value_of_another_resource_is_traced_to_it() -> None:
    """What is shown is the value; what is compared is where it comes from."""
    for stack in ("dev", "prod"):
        block = by_name(stack)["store"]
        assert block.fields["data.bucket_name"] == f"acme-dags-{stack}"
        assert block.sources["data.bucket_name"] == "<s3:Bucket dags>.name"


def test_a_name_that_is_also_an_id_stays_a_name() -> None:
    """Only what a resource was made from is told by its place in the program."""
    environment = resource("dev", "modal:Environment", "e", {"name": "data-dev-1"})
    user = {**resource("dev", "modal:ServiceUser", "u", {}), "id": "data-dev-1"}
    assert of(environment, user)[0].known_as == "data-dev-1"
    assert of(environment, user)[0].fields == {"name": "data-dev-1"}


def test_a_resource_is_known_as_its_service_knows_it() -> None:
    """People search for the names that the services show."""
    found = by_name("prod")
    assert found["reports/etl/nightly"].known_as == "nightly"
    assert found["store"].known_as == "s3-bucket/store"
    assert found["token"].known_as == "token"
    assert found["environment"].kind == "Environment"
    assert found["models"].protected
    assert found["modal-push"].kind == "Work pool"


def test_what_is_the_engines_own_is_left_out() -> None:
    """Providers, components and what waits for its deletion are no things."""
    one = resource("dev", "modal:Dict", "a", {"name": "a"})
    provider = {**one, "urn": urn("dev", "x", "p"), "type": "pulumi:providers:aws"}
    component = {**one, "urn": urn("dev", "x", "c"), "custom": False}
    deleted = {**one, "urn": urn("dev", "x", "d"), "delete": True}
    assert [r.name for r in of(one, provider, component, deleted)] == ["a"]


def test_a_stack_without_resources_is_empty() -> None:
    """A stack that was destroyed has an export without any."""
    assert resources({"version": 3, "deployment": {"manifest": {}}}) == []
