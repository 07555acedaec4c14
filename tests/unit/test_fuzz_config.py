"""A stack's config that is wrong, in any way: told, before anything is made."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given

from tests.fuzz.budget import few
from tests.fuzz.documents import clean_up, doctors_config
from tests.fuzz.nasty import bent
from tests.fuzz.programs import SECRET, config_of, is_told_or_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

DEV = config_of("dev")


def wrong(path: str, value: Any) -> dict[str, Any]:
    """Return the config of stack dev with one value changed; `~` renames a key."""
    config = config_of("dev")
    *parents, last = path.split("/")
    within: Any = config
    for key in parents:
        within = within[key]
    within[last] = value
    return config


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Leave out the program's advice, which each example would repeat."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    clean_up()


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_committed_stacks_are_taken(stack: str) -> None:
    """Else their mutations would be told for a reason that is not theirs."""
    assert is_told_or_sound(config_of(stack)) == ""


@few(60)
@given(bent(DEV, times=2).filter(lambda value: isinstance(value, dict)))
def test_a_bad_config_is_told(config: dict[str, Any]) -> None:
    """One error, in words; no traceback, and no secret."""
    is_told_or_sound(config)


@few(60)
@given(bent(DEV, times=2).filter(lambda value: isinstance(value, dict)))
@example(wrong("s3/dag_buckets", " "))
@example(wrong("s3/dag_buckets/dags", ["key"]))
@example(wrong("prefect/service_accounts/ci/account", {"overlap_seconds": 10**300}))
def test_the_doctor_looks_at_any_config(config: dict[str, Any]) -> None:
    """It is asked when something is wrong, so nothing may be wrong with it."""
    doctors_config(config)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("s3", "buckets", "flowground:s3: should be a mapping of fields"),
        ("prefect", "{", "flowground:prefect: should be a mapping of fields"),
        ("prefect", "[" * 100_000, "flowground:prefect: should be a mapping of"),
        ("prefect/variables", {"": {"value": 1}}, 'prefect.variables[""]: '),
        (
            "prefect/work_pools/my-pool/queues/a",
            {"priority": ["${secrets.x}"]},
            "valid int",
        ),
        ("modal/volumes/reference-data/files/folder", "9" * 5_000, "too long"),
        ("modal/volumes/reference-data/files/folder", "a\0b", r"a\x00b' is not there"),
        ("modal/airflow/dag_volume/folder", "", "folder '' is not there"),
    ],
)
def test_what_was_a_traceback_once_is_told(path: str, value: Any, told: str) -> None:
    """Each was found by the test above, or by `make fuzz`."""
    assert told in is_told_or_sound(wrong(path, value))


def test_a_secret_that_is_no_json_is_told_by_its_name() -> None:
    """Only its name: what it says is nobody's business."""
    referring = {"type_slug": "secret", "secrets": {"value": "${json_secrets.key}"}}
    config = wrong("prefect/blocks/a", referring) | {"key": SECRET}
    assert "secret key is referred to as JSON" in is_told_or_sound(config, ["key"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("prefect/workspace/layout", f"{SECRET}"),
        ("prefect/schedules", [SECRET]),
        ("modal/volumes/reference-data/files/folder", SECRET),
        ("prefect/flow_projects/hello/path", SECRET),
    ],
)
def test_what_is_encrypted_is_not_told(path: str, value: Any) -> None:
    """Even where a secret stands in the place of something else."""
    assert is_told_or_sound(wrong(path, value), ["prefect", "modal"])
