"""What a stack's config for Modal may say, beyond what each kind says itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.kernel.check import failures_of
from components.modal.settings import ModalSettings

SECRET = "${secrets.s}"
BY_KEY = {"uri": "s3://acme/dags/", "access_key_id": "A", "access_key_secret": SECRET}


def faults(**given: Any) -> dict[str, str]:
    """Return what is wrong with settings, by path."""
    try:
        ModalSettings.model_validate(given)
    except ValidationError as error:
        return {fault.path: fault.reason for fault in failures_of(error, given)}
    return {}


def test_everything_may_be_left_out() -> None:
    """A stack with an environment and nothing in it."""
    assert faults() == {}


def test_everything_may_be_said() -> None:
    """Each part as its kind takes it, names being keys."""
    whole = {
        "environment": {
            "name": "staging",
            "restricted": True,
            "member_roles": {"ada": "viewer"},
        },
        "secrets": {"db": {"values": {"URL": "postgres://${secrets.db}"}}},
        "volumes": {
            "data": {"version": 2, "force_destroy": True},
            "code": {"files": {"folder": "dags", "ignore": ["*.md"], "path": "/d"}},
        },
        "dicts": {"state": {}},
        "queues": {"jobs": {"force_destroy": True}},
        "service_user": {
            "role": "viewer",
            "environment_roles": {"main": "contributor"},
            "expires_in_seconds": 86400,
            "rotation": "2026-Q1",
            "overlap": False,
        },
        "token": {"warn_days": 3, "revoke_on_delete": True},
    }
    assert faults(**whole) == {}


def test_every_fault_is_told_at_its_place() -> None:
    """One preview names all that is wrong, each by its path in the config."""
    told = faults(
        environment={"name": "has.period", "web_suffix": "Upper", "nmae": "x"},
        secrets={"not allowed": {"values": {"A": "1"}}, "s": {"values": {"A-B": "1"}}},
        volumes={"v": {"version": 3}, "w": {"files": {"verify": "never"}}},
        dicts={"d": {"name": "other"}},
        service_user={"role": "no-access", "expires_in_seconds": 0},
        token={"warn_days": -1, "secret": "as-written-out", "id": "wk-1"},
    )
    assert told.keys() == {
        "environment.name",
        "environment.web_suffix",
        "environment.nmae",
        "secrets.not allowed",
        "secrets.s.values.A-B",
        "volumes.v.version",
        "volumes.w.files.folder",
        "volumes.w.files.verify",
        "dicts.d.name",
        "service_user.role",
        "service_user.expires_in_seconds",
        "token.warn_days",
        "token.secret",
        "token.id",
    }


def test_a_secret_has_a_value() -> None:
    """An empty one would be no secret."""
    assert faults(secrets={"s": {"values": {}}}).keys() == {"secrets.s.values"}


@pytest.mark.parametrize(
    ("given", "path", "told"),
    [
        ({"token": {"id": "ak-1"}}, "token", "give both `id` and `secret`, or none"),
        ({"token": {"secret": SECRET}}, "token", "give both"),
        ({"token": {}}, "", "has a `token` of nobody"),
        (
            {"token": {"id": "ak-1", "secret": SECRET}, "service_user": {}},
            "",
            "has two tokens",
        ),
    ],
    ids=["id", "secret", "nobody's", "two"],
)
def test_a_stack_has_one_token_or_none(
    given: dict[str, Any], path: str, told: str
) -> None:
    """The service user's, or one that the config names."""
    ((at, reason),) = faults(**given).items()
    assert at == path
    assert told in reason


@pytest.mark.parametrize(
    "given",
    [
        {"token": {"id": "ak-1", "secret": SECRET}},
        {"service_user": {}},
        {"service_user": {}, "token": {"warn_days": 0}},
    ],
    ids=["own", "service user's", "with options"],
)
def test_a_token_has_an_owner(given: dict[str, Any]) -> None:
    """Each of the two ways suffices."""
    assert faults(**given) == {}


@pytest.mark.parametrize(
    ("group", "name", "airflow"),
    [
        ("volumes", "airflow-logs-main", {}),
        ("volumes", "dags", {"dag_volume": {"name": "dags"}}),
        ("dicts", "airflow-state-main", {}),
        ("secrets", "key", {"dag_bucket": {**BY_KEY, "secret": "key"}}),
    ],
)
def test_airflow_has_its_names_to_itself(
    group: str, name: str, airflow: dict[str, Any]
) -> None:
    """Two resources for one object are refused at preview, not half-way through."""
    entry = {"values": {"A": "1"}} if group == "secrets" else {}
    [told] = faults(**{group: {name: entry}}, airflow=airflow).values()
    assert told.startswith(f"has '{name}' twice, in `{group}` and as what `airflow`")
    assert faults(**{group: {f"{name}-2": entry}}, airflow=airflow) == {}


def test_a_role_needs_no_secret_of_airflow() -> None:
    """So its name is free."""
    by_role = {"uri": "s3://acme/dags/", "role_arn": "arn:aws:iam::1:role/r"}
    free = {"airflow-dags-bucket": {"values": {"A": "1"}}}
    assert faults(secrets=free, airflow={"dag_bucket": by_role}) == {}
