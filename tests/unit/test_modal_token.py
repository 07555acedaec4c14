"""A Modal token: what is read of it, and when the program warns of its end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import RefusedError, differing
from components.kernel.check import check_properties
from components.modal import ModalToken
from components.modal.token import (
    ModalTokenArgs,
    ModalTokenKind,
    ModalTokenState,
    TokenApi,
    ending,
)
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
TEXT = st.text(min_size=1, max_size=9)
TOKENS = st.builds(
    ModalTokenArgs,
    name=TEXT,
    token_id=TEXT.map(lambda rest: f"ak-{rest}"),
    token_secret=TEXT,
    warn_days=st.integers(0, 999),
    revoke_on_delete=st.booleans(),
)
MEMBER = {"user_identity": {"user_id": "us-1", "username": "ada"}}
MACHINE = {
    "service_user_identity": {
        "service_user_id": "su-1",
        "service_user_name": "ci-g1",
        "created_by": {"user_id": "us-1", "username": "ada"},
    }
}


def _info(**more: Any) -> dict[str, Any]:
    made = {"created_at": "2026-01-01T00:00:00.123456Z"}
    return {"workspace_id": "ac-1", "workspace_name": "acme", **made, **more}


def _api(args: ModalTokenArgs) -> TokenApi:
    itself: Any = None
    return TokenApi(args.name, args.token_id, "0123456789abcdef", itself, {})


@given(TOKENS)
def test_check_is_idempotent(args: ModalTokenArgs) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(ModalTokenArgs, args.to_properties())
    assert not failures
    assert check_properties(ModalTokenArgs, checked) == (checked, [])


@given(TOKENS, st.sampled_from([MEMBER, MACHINE]))
def test_a_token_is_read_back_as_it_was_written(
    args: ModalTokenArgs, identity: dict[str, Any]
) -> None:
    """But for its secret, which no call tells, and what only flowground knows."""
    wire = {"id": args.name, **_info(**identity)}
    state = ModalTokenKind().parse(_api(args), wire)
    unseen = {"token_secret", "warn_days", "revoke_on_delete"}
    assert set(differing(state, args)) <= unseen
    assert ModalTokenState.from_properties(state.to_properties()) == state


def test_an_owner_is_a_member_or_a_service_user() -> None:
    """Each with the id that its token is revoked by."""
    args = ModalTokenArgs(name="t", token_id="ak-1", token_secret="as-1")
    for identity, told in (
        (MEMBER, ("member", "ada", "us-1")),
        (MACHINE, ("service_user", "ci-g1", "su-1")),
    ):
        wire = {"id": "t", **_info(**identity)}
        state = ModalTokenKind().parse(_api(args), wire)
        assert (state.identity_type, state.identity, state.identity_id) == told


def test_a_token_without_its_secret_is_one_sentence() -> None:
    """No lookup can tell it."""
    only_named = ModalTokenArgs.partial({"name": "t"})
    with pytest.raises(RefusedError, match="declare it with its secret"):
        ModalTokenKind().connect({}, only_named)


@pytest.mark.parametrize(
    ("left", "warn_days", "said"),
    [
        (timedelta(days=15), 14, None),
        (timedelta(days=13), 14, "'t' ends on 2026-01-28 at 12:00 UTC; rotate"),
        (timedelta(days=-1), 14, "'t' ended on 2026-01-14 at 12:00 UTC; rotate"),
        (timedelta(days=1), 0, None),
    ],
    ids=["later", "soon", "over", "never"],
)
def test_the_end_is_told_in_time(
    left: timedelta, warn_days: int, said: str | None
) -> None:
    """Within the days that were asked for, and not before."""
    told = ending("t", (NOW + left).isoformat(), warn_days, NOW)
    assert (told is None) if said is None else (said in str(told))


def test_a_token_without_an_end_is_never_warned_of() -> None:
    """Which is Modal's default."""
    assert ending("t", None, 14, NOW) is None


@pytest.mark.parametrize(("days", "warned"), [(3, True), (300, False)])
def test_a_program_warns_before_its_token_ends(
    caplog: pytest.LogCaptureFixture, days: int, warned: bool
) -> None:
    """At every preview and `up`, whatever else there is to do."""
    ends = (datetime.now(UTC) + timedelta(days=days)).isoformat()

    def respond(_: str) -> Mapping[str, Any]:
        return {"expires_at": ends}

    def program() -> None:
        ModalToken("ci", token_id="ak-1", token_secret="as-canary")

    with caplog.at_level(logging.WARNING):
        made = run(program, respond=respond)
    assert ("Modal token 'ci' ends on" in caplog.text) is warned
    assert "canary" not in caplog.text
    assert made["ci"].inputs["name"] == "ci"
    assert "token_secret" in made["ci"].secret
    assert "token_secret" in made["ci"].secret_outputs
