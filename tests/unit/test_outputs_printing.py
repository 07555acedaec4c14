"""`make outputs`: what is printed for shells and people."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.outputs import OutputsError, read, read_credentials
from tools import outputs as printer

KEY = "pnu_CANARY0123456789"
TOLD: dict[str, Any] = {
    "schema": "flowground/v1",
    "stack": "dev",
    "tier": "dev",
    "prefect": {"api_url": "https://api/w", "service_accounts": {"ci": "dev-ci"}},
    "modal": {
        "environment": "main",
        "airflow": {"environment": {"MODALFLOW_ENV": "main"}},
    },
    "s3": {"dag_buckets": {"dags": {"bucket": "b", "uri": "s3://b/", "region": "r-1"}}},
}
HELD: dict[str, Any] = {
    "prefect": {"ci": KEY},
    "modal": {"token_id": "ak-1", "token_secret": KEY},
    "s3": {"dags": {"access_key_id": "AK", "secret_access_key": KEY}},
}


def evaluated(exports: str, name: str) -> str:
    """Return a variable's value after a shell has evaluated the exports."""
    done = subprocess.run(
        ["bash", "-c", f'eval "$1"; printf %s "${name}"', "bash", exports],
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode()


# No process can have NUL in a variable, and no file a lone surrogate.
shell_text = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30
)


@given(shell_text)
def test_any_value_is_safe_to_evaluate(value: str) -> None:
    """A shell gets just the value: nothing in it is expanded, or run."""
    exports = "\n".join(printer.exports([("A", value), ("B", "after")]))
    assert evaluated(exports, "A") == value
    assert evaluated(exports, "B") == "after"


@pytest.mark.parametrize("name", ["A;touch x", "A B", "1A", "", "A-B", "A\nB", "Ä"])
def test_what_is_no_variable_is_refused(name: str) -> None:
    """A name that a shell would take for a command is not printed."""
    with pytest.raises(OutputsError, match="is not the name of a variable"):
        list(printer.exports([(name, "x")]))


def variables(held: object, account: str | None = None, **env: str) -> dict[str, str]:
    told, credentials = read("dev", TOLD), read_credentials("dev", held)
    return dict(printer.variables(told, credentials, env, account))


def test_a_shell_gets_what_the_clients_read() -> None:
    """The variables of prefect, modal, aws and modalflow, by their own names."""
    assert variables(HELD) == {
        "PREFECT_API_URL": "https://api/w",
        "PREFECT_API_KEY": KEY,
        "MODAL_ENVIRONMENT": "main",
        "MODALFLOW_ENV": "main",
        "MODAL_TOKEN_ID": "ak-1",
        "MODAL_TOKEN_SECRET": KEY,
        "AWS_REGION": "r-1",
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": KEY,
    }


def test_services_elsewhere_are_named() -> None:
    """Where the clients would not look by themselves is among the variables."""
    got = variables(None, MODAL_SERVER_URL="http://m", HOME="/h")
    assert got["MODAL_SERVER_URL"] == "http://m"
    assert "HOME" not in got


def test_one_of_several_accounts_is_chosen() -> None:
    """Of several keys none is taken for granted; one that is not there is an error."""
    held = {"prefect": {"ci": KEY, "etl": "other"}}
    assert "PREFECT_API_KEY" not in variables(held)
    assert variables(held, account="etl")["PREFECT_API_KEY"] == "other"
    with pytest.raises(OutputsError, match=r"no 'x' in .*: ci, etl"):
        variables(held, account="x")


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Let `pulumi` print a stack's outputs, secrets masked unless asked for."""
    masked = {"prefect": {"ci": "[secret]"}, "modal": "[secret]"}
    for name, held in (("shown", HELD), ("masked", masked)):
        both = {"flowground": TOLD, "credentials": held}
        (tmp_path / name).write_text(json.dumps(both))
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(
        f"#!/bin/sh\ncase $* in *--show-secrets*) cat {tmp_path}/shown;;"
        f" *) cat {tmp_path}/masked;; esac\n"
    )
    pulumi.chmod(0o700)
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    monkeypatch.setattr(printer, "environment", lambda: path)


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("how", ["env", "json", "table"])
def test_credentials_are_printed_only_if_asked_for(
    capsys: pytest.CaptureFixture[str], how: str
) -> None:
    """No format has a credential without `--show-secrets`; each has it with it."""
    assert printer.run(["dev", "--format", how]) == 0
    hidden = capsys.readouterr().out
    assert "https://api/w" in hidden
    assert KEY not in hidden
    assert printer.run(["dev", "--format", how, "--show-secrets"]) == 0
    assert KEY in capsys.readouterr().out


@pytest.mark.usefixtures("stack")
def test_a_table_has_a_row_for_each_value(capsys: pytest.CaptureFixture[str]) -> None:
    """People find a value by the path that the contract gives it."""
    printer.run(["dev", "--format", "table"])
    rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["prefect.api_url", "https://api/w"] in rows
    assert ["s3.dag_buckets.dags.uri", "s3://b/"] in rows


@pytest.mark.usefixtures("stack")
def test_a_key_is_handed_out_knowingly(capsys: pytest.CaptureFixture[str]) -> None:
    """`--as` without `--show-secrets` is refused, not ignored."""
    with pytest.raises(SystemExit):
        printer.run(["dev", "--format", "env", "--as", "ci"])
    assert "it needs --show-secrets" in capsys.readouterr().err


@pytest.mark.usefixtures("stack")
def test_an_error_prints_nothing_to_evaluate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell that evaluates a failure sets nothing."""
    monkeypatch.setitem(TOLD["modal"]["airflow"]["environment"], "a b", "c")
    path = printer.environment()["PATH"].split(":")[0]
    both = {"flowground": TOLD, "credentials": {}}
    with open(f"{path}/masked", "w") as file:  # noqa: PTH123  # a path as text
        json.dump(both, file)
    assert printer.run(["dev", "--format", "env"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "'a b' is not the name of a variable" in shown.err
