"""Each guardrail stops what it should, and lets pass what it should."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pulumi.runtime import rpc
from pulumi_policy import EnforcementLevel

from policy.rule import EVERYWHERE, HOLDS_DATA, Thing
from policy.rules import RULES, STACK_RULES
from policy.stack import Guardrails, Limit, Stack
from policy.update import Known, Update
from policy.wire import UNKNOWN, Sealed, read

NOW = datetime.now(UTC)
# Shaped as each service shapes its own; random, and never issued.
CREDENTIALS = {
    "prefect": "pnu_" + "aB3" * 12,
    "modal": "as-" + "Zq9" * 7 + "x",
    "github": "ghp_" + "k2Q" * 12,
    "aws": "AKIA" + "Q3Z7" * 4,
    "pem": "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
    "address": "postgresql://app:hunter22@db.example.com/app",
    "random": "q7Zr2XnW9vKp4LbT8sYc1HdF6gMj3RaE5uQo0iBx",
}


def broken_by(thing: Thing, stack: Stack | None = None) -> set[str]:
    """Name the rules that have something to say of a thing."""
    stack = stack or Stack()
    return {rule.name for rule in RULES if list(rule.check(thing, stack))}


def deployment(**inputs: Any) -> Thing:
    """Return a deployment with some of its inputs, JSON as the text it travels as."""
    texts = {k: json.dumps(v) if k in JSON else v for k, v in inputs.items()}
    return Thing("prefect:Deployment", "flow/one", {"name": "one", **texts})


JSON = {"pull_steps", "job_variables", "parameters"}


def cloned(**inputs: str) -> Thing:
    """Return a deployment that clones a repository."""
    step = {"prefect.deployments.steps.git_clone": {"repository": "r", **inputs}}
    return deployment(pull_steps=[step])


def bucket(**inputs: Any) -> Thing:
    """Return a bucket with nothing to complain about, but for what is given."""
    good = {"tls_only": True, "public_access": {"block_acls": True}}
    return Thing(
        "s3:Bucket", "b", {**good, "tags": {"owner": "data"}, **inputs}, protect=True
    )


SCHEDULE = {"cron": "0 2 * * *", "active": True}


@pytest.mark.parametrize("kind", sorted(HOLDS_DATA))
def test_data_is_protected(kind: str) -> None:
    """What holds data must be protected, and what holds none need not be."""
    stack = Stack(guardrails=Guardrails(owned=frozenset()))
    assert broken_by(Thing(kind, "x", {}), stack) == {"protected-data"}
    assert not broken_by(Thing(kind, "x", {}, protect=True), stack)
    assert not broken_by(Thing("prefect:Variable", "x", {}))


@pytest.mark.parametrize(
    "inputs",
    [{}, {"branch": "main"}, {"branch": "feature/new"}, {"commit_sha": "HEAD"}],
)
def test_code_that_moves_is_told(inputs: dict[str, str]) -> None:
    """A clone of a branch changes what runs without any plan."""
    assert broken_by(cloned(**inputs)) == {"pinned-code"}


@pytest.mark.parametrize(
    "inputs",
    [
        {"commit_sha": "0123456789abcdef0123456789abcdef01234567"},
        {"branch": "v1.4.0"},
        {"branch": "2026-11-21"},
        {"branch": "release"},
        {"branch": "release/2.x"},
    ],
)
def test_code_that_stays_passes(inputs: dict[str, str]) -> None:
    """A commit, a version and a release branch are pinned."""
    assert not broken_by(cloned(**inputs))


def test_code_from_elsewhere_passes() -> None:
    """Only clones can follow a branch; what is not known yet is not judged."""
    step = {"prefect.deployments.steps.set_working_directory": {"directory": "/x"}}
    assert not broken_by(deployment(pull_steps=[step]))
    assert not broken_by(
        Thing("prefect:Deployment", "flow/one", {"pull_steps": UNKNOWN})
    )


@pytest.mark.parametrize(
    ("image", "moves"),
    [
        ("acme/etl", True),
        ("acme/etl:latest", True),
        ("prefecthq/prefect:3-latest", True),
        ("registry.example.com:5000/acme/etl", True),
        ("acme/etl:1.4.0", False),
        ("registry.example.com:5000/acme/etl:2025-09-03", False),
        ("acme/etl@sha256:" + "0f" * 32, False),
        ("{{ image }}", False),
    ],
)
def test_images_are_pinned(image: str, moves: bool) -> None:
    """An image without a tag that stays is another one tomorrow."""
    expected = {"pinned-images"} if moves else set()
    assert broken_by(deployment(job_variables={"image": image})) == expected
    template = {"variables": {"properties": {"image": {"default": image}}}}
    pool = Thing("prefect:WorkPool", "p", {"base_job_template": json.dumps(template)})
    assert broken_by(pool) == expected


@pytest.mark.parametrize(
    ("prefect", "told"),
    [
        (None, True),
        ({"schedules": "off"}, True),
        ({"flow_projects": {"p": {"overrides": {"other": {"schedules": "on"}}}}}, True),
        ({"schedules": "on"}, False),
        ({"flow_projects": {"p": {"schedules": "on"}}}, False),
        ({"flow_projects": {"p": {"overrides": {"one": {"schedules": True}}}}}, False),
    ],
)
def test_schedules_rest_in_dev(prefect: Any, told: bool) -> None:
    """A schedule that runs in dev is one that the stack's config asks for."""
    stack = Stack(tier="dev", config={"prefect": prefect})
    rule = "resting-schedules"
    assert (rule in broken_by(deployment(schedules=[SCHEDULE]), stack)) is told


def test_resting_schedules_pass() -> None:
    """A schedule that is off, or of a paused deployment, makes no runs."""
    off = {**SCHEDULE, "active": False}
    assert not broken_by(deployment(schedules=[off]))
    assert not broken_by(deployment(schedules=[SCHEDULE], paused=True))


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
def test_plain_credentials_are_told_by_form(credential: str) -> None:
    """A credential is found wherever it is, in JSON text too, and never repeated."""
    thing = deployment(job_variables={"env": {"SETTING": f"x={credential}"}})
    (rule,) = (rule for rule in RULES if rule.name == "plain-credentials")
    (message,) = rule.check(thing, Stack())
    assert "job_variables.env.SETTING" in message
    assert credential not in message


def test_plain_credentials_are_told_by_name() -> None:
    """Whatever is called a password is one."""
    plain = deployment(job_variables={"env": {"DB_PASSWORD": "hunter2"}})
    assert broken_by(plain) == {"plain-credentials"}


@pytest.mark.parametrize(
    "value",
    [
        {"env": {"DB_PASSWORD": "{{ prefect.blocks.secret.db }}"}},
        {"env": {"DB_PASSWORD": ""}},
        {"digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
        {"id": "3d8c39ce-45f3-4caf-8bcf-587924a6fbbd", "volume": "vo-Uw6inQ1qWuhjt0"},
        {"title": "KubernetesWorkerJobConfigurationWithVeryLongNameInCamelCase"},
        {"url": "https://api.prefect.cloud/api/accounts/x/workspaces/y"},
        {"token_works": True},
        {"aws_access_key_id": CREDENTIALS["aws"]},
    ],
)
def test_what_is_no_credential_passes(value: Any) -> None:
    """References, digests, ids, names and addresses are no credentials."""
    assert not broken_by(deployment(job_variables=value))


def test_sealed_credentials_pass_unless_shown() -> None:
    """A secret input is where a credential belongs, but not one of a variable."""
    sealed = {"value": Sealed(CREDENTIALS["github"])}
    assert not broken_by(Thing("github:ActionsSecret", "s", sealed))
    for kind in ("prefect:Variable", "github:ActionsVariable"):
        assert broken_by(Thing(kind, "s", sealed)) == {"plain-credentials"}


def test_variables_hold_no_passwords() -> None:
    """A variable is told for the names in it as any other input is."""
    value = json.dumps({"db_password": "hunter2"})
    variable = Thing("prefect:Variable", "db", {"value": value})
    assert broken_by(variable) == {"plain-credentials"}
    plain = {"value": "hunter2"}
    assert broken_by(Thing("github:ActionsVariable", "DB_PASSWORD", plain))
    pair = {"value": CREDENTIALS["aws"]}
    assert not broken_by(Thing("github:ActionsVariable", "AWS_ACCESS_KEY_ID", pair))


def test_buckets_refuse_plain_http() -> None:
    """A bucket must be for TLS alone."""
    assert broken_by(bucket(tls_only=False)) == {"tls-buckets"}
    assert not broken_by(bucket())


def test_buckets_are_not_public() -> None:
    """Each way to make a bucket public must be barred."""
    open_ = {"block_acls": True, "block_policy": False}
    assert broken_by(bucket(public_access=open_)) == {"private-buckets"}


@pytest.mark.parametrize(
    ("kind", "inputs", "told"),
    [
        ("modal:ServiceUser", {}, True),
        ("modal:ServiceUser", {"expires_in_seconds": 400.0 * 86400}, True),
        ("modal:ServiceUser", {"expires_in_seconds": 90.0 * 86400}, False),
        ("prefect:ServiceAccount", {}, False),
        (
            "prefect:ServiceAccount",
            {"api_key_expiration": (NOW + timedelta(days=400)).isoformat()},
            True,
        ),
        (
            "prefect:ServiceAccount",
            {"api_key_expiration": (NOW + timedelta(days=90)).isoformat()},
            False,
        ),
    ],
)
def test_keys_expire(kind: str, inputs: dict[str, Any], told: bool) -> None:
    """A key works for a year at most."""
    assert ("key-lifetime" in broken_by(Thing(kind, "k", inputs))) is told


def test_tags_name_an_owner() -> None:
    """A bucket says whose it is; other kinds must where the stack wants it."""
    assert broken_by(bucket(tags={"team": "data"})) == {"owners"}
    own = Stack(guardrails=Guardrails(owned=frozenset({"prefect:Deployment"})))
    assert not broken_by(deployment(tags=["tutorial"]))
    assert broken_by(deployment(tags=["tutorial"]), own) == {"owners"}
    assert not broken_by(deployment(tags=["owner:data"]), own)


def known(kind: str, name: str, age_days: int = 0, /, **inputs: Any) -> Known:
    """Return an object that state has."""
    return Known(Thing(kind, name, inputs), "id", NOW - timedelta(days=age_days))


def findings(rule: str, update: Update, stack: Stack | None = None) -> list[str]:
    """Return what a rule says of an update."""
    (found,) = (one for one in STACK_RULES if one.name == rule)
    return [one.message for one in found.check(update, stack or Stack())]


def test_data_is_kept() -> None:
    """Neither a deletion nor a replacement of data goes unseen; others do."""
    volume = known("modal:Volume", "v", name="v", version=1)
    before = {"v": volume, "x": known("prefect:Variable", "x", name="x")}
    (message,) = findings("kept-data", Update({}, before))
    assert "delete modal:Volume 'v'" in message
    anew = {"v": Thing("modal:Volume", "v", {"name": "v", "version": 2.0})}
    (message,) = findings("kept-data", Update(anew, before))
    assert "replace modal:Volume 'v'" in message
    renamed = {"v": Thing("modal:Volume", "v", {"name": "w", "version": 1.0})}
    assert not findings("kept-data", Update(renamed, before))


def test_an_update_takes_away_only_so_much() -> None:
    """Beyond the limit it must be said that it is meant."""
    before = {str(n): known("prefect:Variable", f"v{n}") for n in range(6)}
    (message,) = findings("few-deletions", Update({}, before))
    assert "delete 6 objects" in message
    assert "FLOWGROUND_MAX_DELETIONS=6" in message
    more = Stack(guardrails=Guardrails(limit=Limit(deletions=6)))
    assert not findings("few-deletions", Update({}, before), more)
    one_stays = {"0": Thing("prefect:Variable", "v0", {})}
    assert not findings("few-deletions", Update(one_stays, before))


def test_an_update_replaces_only_so_much() -> None:
    """Replacements count by what the kinds say is immutable."""
    before = {
        str(n): known("prefect:Deployment", f"d{n}", name="old") for n in range(6)
    }
    after = {urn: Thing("prefect:Deployment", "d", {"name": "new"}) for urn in before}
    (message,) = findings("few-deletions", Update(after, before))
    assert "replace 6 objects" in message
    tagged = {
        urn: Thing("prefect:Deployment", "d", {"name": "old", "tags": ["x"]})
        for urn in before
    }
    assert not findings("few-deletions", Update(tagged, before))


def test_kinds_of_others_are_no_obstacle() -> None:
    """What a program's own dynamic provider replaces nobody here can tell."""
    before = {"t": known("own:Thing", "t", name="a")}
    after = {"t": Thing("own:Thing", "t", {"name": "b"})}
    assert not findings("few-deletions", Update(after, before))


@pytest.mark.parametrize("kind", ["prefect:ServiceAccount", "s3:AccessKey"])
def test_old_keys_are_told(kind: str) -> None:
    """A key is told after a year, unless this update makes another one."""
    before = {"k": known(kind, "ci", 366, rotation="")}
    same = {"k": Thing(kind, "ci", {"rotation": ""})}
    (message,) = findings("key-age", Update(same, before))
    assert "366 days old" in message
    assert "make rotate" in message
    anew = {"k": Thing(kind, "ci", {"rotation": "2026-11"})}
    assert not findings("key-age", Update(anew, before))
    young = {"k": known(kind, "ci", 364, rotation="")}
    assert not findings("key-age", Update(same, young))


def test_credentials_in_the_config_are_told() -> None:
    """What a config's structure holds in plain is found where it is."""
    secret = {"secrets": {"s": {"values": {"TOKEN": CREDENTIALS["github"]}}}}
    rule = "plain-credentials-in-config"
    (message,) = findings(rule, Update({}, {}), Stack(config={"modal": secret}))
    assert "modal.secrets.s.values.TOKEN" in message
    assert CREDENTIALS["github"] not in message
    referred = {"secrets": {"s": {"values": {"TOKEN": "${secrets.githubToken}"}}}}
    assert not findings(rule, Update({}, {}), Stack(config={"modal": referred}))


def test_looked_up_objects_are_not_ours() -> None:
    """What a stack only reads it need not protect."""
    assert not Thing("prefect:Workspace", "w", {"__lookup": True}).ours
    assert Thing("prefect:Workspace", "w", {}).ours


def test_rules_stop_prod_and_tell_dev() -> None:
    """Whatever is looked at in prod stops it; nothing ever stops dev."""
    levels = [rule.levels for rule in (*RULES, *STACK_RULES)]
    stops, off = EnforcementLevel.MANDATORY, EnforcementLevel.DISABLED
    assert {level["prod"] for level in levels} == {stops, off}
    assert stops not in {level["dev"] for level in levels}
    assert EVERYWHERE["staging"] is EnforcementLevel.ADVISORY


def test_values_keep_their_seals() -> None:
    """What the engine marks as secret stays so at any depth; unknowns are no texts."""
    secret = {rpc._special_sig_key: rpc._special_secret_sig, "value": "x"}
    wire = {"a": [secret, rpc.UNKNOWN, 1.0, None]}
    assert read(wire) == {"a": [Sealed("x"), UNKNOWN, 1.0, None]}
    assert "x" not in repr(read(wire))
