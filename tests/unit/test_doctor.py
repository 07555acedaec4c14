"""What the doctor makes of answers, without asking anybody."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tools.doctor.__main__ import examine, table
from tools.doctor.backend import _holder, told_url
from tools.doctor.clock import clock
from tools.doctor.config import secrets, settings
from tools.doctor.finding import Finding, Verdict, fine
from tools.doctor.patient import Patient, first_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [(0, "FINE"), (-20, "FINE"), (60, "WARN"), (-60, "WARN"), (301, "STOP")],
)
def test_a_clock_is_held_against_an_answer(seconds: int, verdict: str) -> None:
    """A little is latency, more is worth a look, five minutes no signature stands."""
    header = format_datetime(NOW, usegmt=True) + ", Sat, 21 Nov 2020 00:00:00 GMT"
    (found,) = clock("aws", header, NOW + timedelta(seconds=seconds))
    assert found.verdict is Verdict[verdict]
    if found.verdict is not Verdict.FINE:
        side = "ahead of" if seconds > 0 else "behind"
        assert f"{abs(seconds)} s {side} aws's" in found.said


@pytest.mark.parametrize("header", [None, "", "yesterday"])
def test_an_answer_without_a_date_says_nothing_of_the_clock(header: str | None) -> None:
    """Proxies take headers away."""
    assert not list(clock("aws", header, NOW))


def test_who_holds_a_lock_is_told_and_whether_it_lives() -> None:
    """Of this machine's processes that can be seen; of others' it cannot."""
    lock: dict[str, Any] = {"username": "ada", "timestamp": "2026-11-21T15:46:34.3Z"}
    mine = lock | {"hostname": socket.gethostname(), "pid": os.getpid()}
    assert "wait for its end" in _holder(mine)
    assert "and is dead; run `make recover`" in _holder(mine | {"pid": 2**22 + 1})
    theirs = _holder(lock | {"hostname": "runner-7", "pid": 2**22 + 1})
    assert theirs.startswith(
        "ada@runner-7 (process 4194305) holds it since 2026-11-21T"
    )
    assert "wait for its end" in theirs


def test_an_address_is_told_without_what_opens_it() -> None:
    """A backend's URL may hold a password, or settings that nobody needs to see."""
    told = told_url("https://me:hunter22@state.example/team?sig=hunter22")
    assert told == "https://state.example/team"


def _patient(tmp_path: Path, **values: Any) -> Patient:
    return Patient("dev", tmp_path, "flowground", {}, values)


def test_a_config_that_is_not_valid_is_told_by_path(tmp_path: Path) -> None:
    """Every fault at once, as a preview would tell them."""
    values = {"tier": "test", "prefect": {"workspace": {"handle": "x", "name": 1}}}
    found = list(settings(_patient(tmp_path, **values)))
    paths = {one.said.partition(": ")[0] for one in found}
    assert paths == {"flowground:tier", "flowground:prefect.workspace.name"}
    assert {one.verdict for one in found} == {Verdict.STOP}


def test_a_secret_that_is_referred_to_and_missing_is_told(tmp_path: Path) -> None:
    """Wherever it is referred to, in whatever way."""
    prefect = {
        "blocks": {"a": {"secrets": {"x": "${secrets.there}"}}},
        "list": ["Bearer ${secrets.gone}", "${json_secrets.gone-too}"],
    }
    found = list(secrets(_patient(tmp_path, prefect=prefect, there="value")))
    assert [one.said.partition(" ")[0] for one in found] == ["gone", "gone-too"]


def test_a_check_that_fails_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error's text is not shown: it might hold anything."""

    def broken(_: Patient) -> Iterator[Finding]:
        yield fine("broken", "first", "seen")
        raise RuntimeError("hunter22")

    def whole(_: Patient) -> Iterator[Finding]:
        yield fine("whole", "reach", "there")

    monkeypatch.setattr("tools.doctor.__main__.CHECKS", (broken, whole))
    found = examine(_patient(tmp_path))
    assert [(one.about, one.verdict.name) for one in found] == [
        ("broken", "FINE"),
        ("broken", "STOP"),
        ("whole", "FINE"),
    ]
    assert "hunter22" not in "".join(table(found))


def test_a_stack_without_a_file_is_told(tmp_path: Path) -> None:
    """Before anything is asked."""
    (tmp_path / "Pulumi.yaml").write_text("name: flowground")
    (found,) = Patient.of("nowhere", tmp_path, {}).findings
    assert found.verdict is Verdict.STOP
    assert "there is no Pulumi.nowhere.yaml" in found.said


def test_the_engines_error_is_its_first_line() -> None:
    """Warnings before it, and advice behind it, are left out."""
    said = "warning: old\nerror: incorrect passphrase.\nhint: more\n"
    assert first_error(said) == "incorrect passphrase"
    assert first_error("") == ""
