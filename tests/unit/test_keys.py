"""Which key of a stack is meant, and what becomes of the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.kernel import ConfigurationError
from tools.doctor.patient import Patient
from tools.keys import Key

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _patient(**values: Any) -> Patient:
    return Patient("dev", Path(), "flowground", {}, values)


ACCOUNTS = {"ci": {"account": {"overlap_seconds": 3600}}, "bot": None}


def test_the_only_key_of_its_sort_needs_no_name() -> None:
    """A bucket that is read by a role has none."""
    buckets = {"dags": {"key": {}}, "raw": {"role": {"workspace_id": "ac-1"}}}
    key = Key.of(_patient(s3={"dag_buckets": buckets}), "aws-key", None)
    assert key.path == ("s3", "dag_buckets", "dags", "key")
    assert key.urn_end == "::dags"
    key = Key.of(_patient(modal={"service_user": {}}), "modal-token", None)
    assert key.path == ("modal", "service_user")
    assert key.urn_end == "::service-user"


@pytest.mark.parametrize(
    ("what", "name", "values", "said"),
    [
        ("prefect-key", None, {"prefect": {}}, "not just one prefect-key; .*: none"),
        (
            "prefect-key",
            None,
            {"prefect": {"service_accounts": ACCOUNTS}},
            "there are: bot, ci",
        ),
        (
            "prefect-key",
            "c",
            {"prefect": {"service_accounts": ACCOUNTS}},
            "no prefect-key 'c'; there are: bot, ci",
        ),
        ("modal-token", None, {"modal": {}}, "has no modal.service_user"),
        ("modal-token", "x", {"modal": {"service_user": {}}}, "leave out its name"),
        ("aws-key", None, {}, "there are: none"),
    ],
)
def test_a_key_that_the_stack_has_not_is_told(
    what: str, name: str | None, values: dict[str, Any], said: str
) -> None:
    """With those that there are."""
    with pytest.raises(ConfigurationError, match=said):
        Key.of(_patient(**values), what, name)


def test_keys_are_found_among_the_stacks_outputs() -> None:
    """None where the stack has not handed one out yet."""
    pair = {"access_key_id": "a", "secret_access_key": "s"}
    held = {"prefect": {"ci": "k"}, "s3": {"dags": pair}}
    assert Key("prefect-key", "ci").of_outputs(held) == {"api_key": "k"}
    assert Key("aws-key", "dags").of_outputs(held) == pair
    assert Key("modal-token", "").of_outputs(held) is None


def test_what_becomes_of_the_key_before_is_said() -> None:
    """When it ends, and how to end it now."""
    patient = _patient(prefect={"service_accounts": ACCOUNTS})
    key = Key("prefect-key", "ci")
    said = key.fate(patient, NOW, lives=True)
    assert "works until 2026-11-21 13:00 UTC" in said
    assert "no call that ends it sooner" in said
    assert key.fate(patient, NOW, lives=False) == "the one before has ended"
    said = Key("modal-token", "").fate(patient, NOW, lives=True)
    assert (
        "set `overlap: false` under modal.service_user and run `make up STACK=dev`"
        in said
    )
