"""GitHub: what is read is what was written, and a limit is told from a refusal."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox

from components.github import ActionsSecret, Environment, pacing, secret, session
from components.github.actions_secret import ActionsSecretArgs, ActionsSecretKind
from components.github.actions_variable import (
    ActionsVariableArgs,
    ActionsVariableKind,
    ActionsVariableState,
)
from components.github.actions_variable import to_wire as variable_to_wire
from components.github.client import GithubApi, connect
from components.github.environment import EnvironmentArgs, from_wire, to_wire
from components.github.pacing import Pace, advised_wait
from components.github.place import Place
from components.github.session import Answer
from components.kernel import ConfigurationError, NotFoundError, ServiceError
from components.kernel.check import check_properties
from tests.unit.kernel.program import run

NAMES = st.from_regex(r"\A[A-Z_][A-Z0-9_]{0,20}\Z").filter(
    lambda name: not name.startswith("GITHUB_")
)
TEXTS = st.text(max_size=20)
PATTERNS = st.frozensets(st.sampled_from(["main", "release/*", "v*"]))
CANARY = "canary-in-a-github-secret"
IDS = {"a-login": 1, "acme/team": 2, "another": 3}


class Canned:
    """A session that answers from a table, and notes what it was asked."""

    def __init__(self, answers: dict[str, Any], at: datetime | None = None) -> None:
        self.answers = answers
        self.at = at
        self.asked: list[tuple[str, str, Any]] = []

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Answer from the table; of several answers, one after another."""
        self.asked.append((method, path, body))
        answer = self.answers.get(path)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer is None:
            raise NotFoundError("GitHub says 404", status=404)
        return Answer(answer, self.at)


def _api(place: Place, answers: dict[str, Any], at: datetime | None = None) -> Any:
    return GithubApi(Canned(answers, at), "url", place)  # type: ignore[arg-type]


@given(NAMES, TEXTS, st.sampled_from([None, "prod/eu"]))
def test_variables_read_as_they_were_written(
    name: str, value: str, environment: str | None
) -> None:
    """What the API is sent, and then lists, is the variable that was asked for."""
    args = ActionsVariableArgs(
        repository="acme/flows", environment=environment, name=name, value=value
    )
    api = _api(Place("acme/flows", environment), {})
    wire = {**variable_to_wire(api, args), "id": "/path"}
    assert ActionsVariableKind().parse(api, wire) == ActionsVariableState(
        **{**dict(args), "id": "/path"}
    )


@st.composite
def environments(draw: st.DrawFn) -> EnvironmentArgs:
    """Draw an environment that keeps to the rules."""
    reviewers = draw(st.frozensets(st.sampled_from(sorted(IDS))))
    deploy_from = draw(st.sampled_from(["all", "protected", "selected"]))
    chosen = deploy_from == "selected"
    return EnvironmentArgs(
        repository="acme/flows",
        name=draw(st.sampled_from(["prod", "prod/eu 1", "Ünï"])),
        reviewers=reviewers,
        prevent_self_review=bool(reviewers) and draw(st.booleans()),
        wait_timer=draw(st.integers(0, 43_200)),
        admins_bypass=draw(st.booleans()),
        deploy_from=deploy_from,
        branches=draw(PATTERNS) if chosen else frozenset(),
        tags=draw(PATTERNS) if chosen else frozenset(),
    )


def _shown(args: EnvironmentArgs, sent: dict[str, Any]) -> dict[str, Any]:
    """Show what was sent as GitHub does: rules that rule nothing are left out."""
    by_id = {number: name for name, number in IDS.items()}
    rules: list[dict[str, Any]] = []
    if sent["wait_timer"]:
        rules.append({"type": "wait_timer", "wait_timer": sent["wait_timer"]})
    if sent["reviewers"]:
        named = "login", "slug"
        reviewers = [
            {
                "type": one["type"],
                "reviewer": {
                    named[one["type"] == "Team"]: by_id[one["id"]].rpartition("/")[2]
                },
            }
            for one in sent["reviewers"]
        ]
        prevents = sent["prevent_self_review"]
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": prevents,
                "reviewers": reviewers,
            }
        )
    policies = [
        *({"name": name, "type": "branch"} for name in args.branches),
        *({"name": name, "type": "tag"} for name in args.tags),
    ]
    return {
        "name": args.name,
        "protection_rules": rules,
        "can_admins_bypass": sent["can_admins_bypass"],
        "deployment_branch_policy": sent["deployment_branch_policy"],
        "branch_policies": policies,
    }


@given(environments())
def test_environments_read_as_they_were_written(args: EnvironmentArgs) -> None:
    """Whatever protects an environment reads back as just that."""
    reviewers = [
        {"type": "Team" if "/" in name else "User", "id": IDS[name]}
        for name in sorted(args.reviewers)
    ]
    found = from_wire("acme/flows", _shown(args, to_wire(args, reviewers)))
    assert {k: v for k, v in dict(found).items() if k != "id"} == dict(args)


@given(environments(), NAMES, TEXTS.filter(len))
def test_checking_what_was_checked_changes_nothing(
    environment: EnvironmentArgs, name: str, value: str
) -> None:
    """The canonical form of inputs is their own canonical form."""
    entry = {"organization": "ACME", "name": name.lower(), "value": value}
    for model, props in (
        (EnvironmentArgs, environment.to_properties()),
        (ActionsSecretArgs, entry),
        (ActionsVariableArgs, {**entry, "selected_repositories": ["Acme/Flows"]}),
    ):
        once, failures = check_properties(model, props)
        assert not failures
        assert check_properties(model, once) == (once, [])


@given(TEXTS.filter(len))
def test_only_the_collections_key_opens_what_is_sealed(value: str) -> None:
    """A value is sealed so that GitHub, and nobody else, can read it."""
    key = PrivateKey.generate()
    public = base64.b64encode(bytes(key.public_key)).decode()
    sealed = secret.seal(public, value)
    assert SealedBox(key).decrypt(base64.b64decode(sealed)).decode() == value


OLD, NOW = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
AT = datetime(2026, 1, 1, 0, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seen", "stamp"),
    [
        ([OLD, None, NOW], NOW),
        ([OLD], None),
        ([NOW], NOW),
    ],
    ids=["late", "never", "at once"],
)
def test_a_stamp_from_before_our_write_is_never_kept(
    monkeypatch: pytest.MonkeyPatch, seen: list[str | None], stamp: str | None
) -> None:
    """A read that lags behind must not make our own write look like another's."""
    monkeypatch.setattr(secret, "_PAUSES_SECONDS", (0.0,) * 4)
    collection = "/repos/acme/flows/actions/secrets"
    key = base64.b64encode(bytes(PrivateKey.generate().public_key)).decode()
    told = [at and {"updated_at": at} for at in seen]
    answers = {
        f"{collection}/public-key": {"key_id": "1", "key": key},
        f"{collection}/NAME": [{}, *told],
    }
    api = _api(Place("acme/flows"), answers, AT)
    kind = ActionsSecretKind()
    args = ActionsSecretArgs(repository="acme/flows", name="NAME", value=CANARY)
    path = f"{collection}/NAME"
    old = kind.state(**{**dict(args), "id": path, "updated_at": OLD, "value": "old"})
    assert kind.update(api, old, args).updated_at == stamp
    assert CANARY not in str(api._session.asked)


@pytest.mark.parametrize(
    ("status", "headers", "message", "wait"),
    [
        (403, {}, "Must have admin rights to Repository.", None),
        (404, {"retry-after": "5"}, "Not Found", None),
        (403, {"retry-after": "5"}, "", 5),
        (429, {}, "", pacing.SECONDARY_WAIT_SECONDS),
        (403, {}, "You have exceeded a secondary rate limit.", 60),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "130"}, "", 31),
        (403, {"x-ratelimit-remaining": "7", "x-ratelimit-reset": "130"}, "", None),
    ],
)
def test_a_limit_is_told_from_a_refusal(
    status: int, headers: dict[str, str], message: str, wait: float | None
) -> None:
    """Both are a 403 to GitHub; only a limit ends by waiting."""
    assert advised_wait(status, headers, message, 100.0) == wait


def test_writes_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write waits for the gap after the last, a read does not, a hold stops both."""
    now, slept = [1000.0], []
    monkeypatch.setattr(pacing.time, "monotonic", lambda: now[0])

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(pacing.time, "sleep", sleep)
    pace = Pace(1.0)
    for writes in (True, False, True):
        with pace.turn(writes=writes):
            pass
    assert slept == [1.0]
    pace.hold(7.0)
    with pace.turn(writes=False):
        pass
    assert slept == [1.0, 7.0]
    with pytest.raises(ServiceError, match="used up until"):
        pace.hold(pacing.LONGEST_WAIT_SECONDS + 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "no GitHub credential is configured"),
        ({"githubAppId": "1"}, "GITHUB_APP_PRIVATE_KEY"),
        ({"githubToken": "t", "githubApiUrl": "ghe.example.com"}, "give a URL"),
        (
            {
                "githubAppId": "1",
                "githubAppInstallationId": "acme",
                "githubAppPrivateKey": "key",
            },
            "is not a number",
        ),
    ],
)
def test_settings_that_say_too_little_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], said: str
) -> None:
    """What is missing is named by its variable."""
    for variable in (*settings, "GITHUB_TOKEN", "GITHUB_API_URL", "GITHUB_APP_ID"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ConfigurationError, match=said):
        connect(settings, Place("acme/flows"))


def test_an_echo_of_what_was_sent_is_not_told() -> None:
    """Of an error's body only what explains it is kept, never a field's value."""
    body = {
        "message": "Validation\nFailed",
        "errors": [{"code": "invalid", "value": CANARY}, "and more"],
        "value": CANARY,
    }
    told, _ = session._told(422, {}, body)
    assert str(told) == "GitHub says 422: Validation Failed; invalid; and more"


def test_a_program_names_what_it_needs_only() -> None:
    """A secret's value is sealed on its way, and names fall back on the resource's."""

    def program() -> None:
        prod = Environment("prod", repository="acme/flows", branches=["main"])
        ActionsSecret(
            "TOKEN", repository="acme/flows", environment=prod.name, value=CANARY
        )

    registered = {one.name: one for one in run(program).registered}
    assert registered["prod"].inputs["branches"] == ["main"]
    assert registered["prod"].inputs["name"] == "prod"
    assert registered["TOKEN"].inputs["name"] == "TOKEN"
    assert registered["TOKEN"].secret_outputs == {"value"}
    assert registered["TOKEN"].provider
