"""S3's kinds: model and wire are inverses, and normal forms make no diff."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import Args
from components.kernel.check import check_properties
from components.s3.access_key import AccessKeyArgs
from components.s3.bucket_lifecycle import (
    LifecycleRule,
    rule_from_wire,
    rule_to_wire,
)
from components.s3.bucket_model import BucketArgs, PublicAccess
from components.s3.bucket_notification import (
    Notification,
    notifications_from_wire,
    notifications_to_wire,
)
from components.s3.grant import FIELDS, from_policy, to_policy
from components.s3.oidc_role import OidcRoleArgs
from components.s3.oidc_trust import Trusted, from_trust, to_trust
from components.s3.policy import canonical_policy, split_policy, whole_policy

ARN = "arn:aws:s3:::dags"
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.modal.com"
WORDS = st.from_regex(r"[a-z][a-z0-9-]{2,9}[a-z0-9]", fullmatch=True)
PREFIXES = st.lists(WORDS, max_size=3).map(
    lambda parts: "".join(f"{p}/" for p in parts)
)
DAYS = st.none() | st.integers(1, 3650)
TAGS = st.dictionaries(WORDS, st.text(max_size=5), max_size=3)
CLASSES = st.dictionaries(
    st.sampled_from(["GLACIER", "STANDARD_IA"]), st.integers(0, 99), max_size=2
)
RULES = st.builds(
    LifecycleRule,
    enabled=st.booleans(),
    prefix=PREFIXES,
    tags=TAGS,
    larger_than=st.none() | st.integers(0, 10**12),
    smaller_than=DAYS,
    expire_after_days=DAYS,
    noncurrent_expire_after_days=st.integers(1, 99),
    noncurrent_keep=st.none() | st.integers(1, 100),
    transitions=CLASSES,
    noncurrent_transitions=CLASSES,
) | st.builds(
    LifecycleRule,
    prefix=PREFIXES,
    expire_delete_markers=st.just(value=True),
    abort_uploads_after_days=DAYS,
)
NOTIFICATIONS = st.builds(
    Notification,
    target=st.sampled_from(
        [
            "arn:aws:sqs:eu-west-1:123456789012:q",
            "arn:aws:sns:eu-west-1:123456789012:t",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
        ]
    ),
    events=st.frozensets(
        st.sampled_from(["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]), min_size=1
    ),
    prefix=PREFIXES,
    suffix=st.sampled_from(["", ".py"]),
)
ONE_OR_MORE = WORDS | st.lists(WORDS, min_size=1, max_size=3)
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": ONE_OR_MORE,
        "Resource": ONE_OR_MORE,
        "Principal": st.just("*")
        | st.fixed_dictionaries({"AWS": ONE_OR_MORE | st.just("123456789012")}),
    },
    optional={
        "Condition": st.fixed_dictionaries(
            {"Bool": st.fixed_dictionaries({"aws:SecureTransport": st.booleans()})}
        )
    },
)
POLICIES = st.fixed_dictionaries(
    {"Statement": STATEMENTS | st.lists(STATEMENTS, min_size=1, max_size=3)}
)
KMS_KEYS = st.none() | st.just("arn:aws:kms:eu-west-1:123456789012:key/k")
GRANTS = {
    "name": WORDS,
    "bucket": WORDS,
    "prefix": PREFIXES,
    "access": st.sampled_from(["read", "write"]),
    "kms_key": KMS_KEYS,
}
KEYS = st.builds(AccessKeyArgs, **GRANTS, rotation=st.text(max_size=3))
ROLES = st.builds(
    OidcRoleArgs,
    **GRANTS,
    workspace_id=WORDS.map(lambda word: "ac-" + word.replace("-", "")),
    environment=WORDS,
    app=st.none() | WORDS,
    max_session_seconds=st.integers(3600, 43200),
)
BUCKETS = st.builds(
    BucketArgs,
    name=WORDS,
    versioning=st.booleans(),
    encryption=st.just("kms"),
    kms_key=st.none() | st.just("alias/mine"),
    bucket_key=st.booleans(),
    public_access=st.builds(PublicAccess, block_acls=st.booleans()),
    tls_only=st.booleans(),
    policy=st.none() | POLICIES,
    lifecycle=st.dictionaries(WORDS, RULES.filter(lambda r: not r.tags), max_size=2),
    tags=TAGS,
    event_bridge=st.booleans(),
    notifications=st.none() | st.dictionaries(WORDS, NOTIFICATIONS, max_size=2),
)


def faults(model: type[Args], **given: Any) -> dict[str, str]:
    """Return what is wrong with arguments, by path."""
    return {fault.path: fault.reason for fault in check_properties(model, given)[1]}


@given(KEYS | ROLES)
def test_check_is_idempotent(args: Args) -> None:
    """What check returns is what it returns for its own answer."""
    checked, failures = check_properties(type(args), args.to_properties())
    assert not failures
    assert check_properties(type(args), checked) == (checked, [])


@given(BUCKETS)
def test_a_bucket_travels_as_properties_and_back(args: BucketArgs) -> None:
    """Nothing is lost on the way, and nothing is canonical only at second sight."""
    props = args.to_properties()
    again = BucketArgs.from_properties(json.loads(json.dumps(props)))
    assert again == args
    assert again.to_properties() == props


@given(WORDS, RULES)
def test_a_lifecycle_rule_reads_back_as_it_was_written(
    name: str, rule: LifecycleRule
) -> None:
    """Days, filters of none, one or many things, and each action."""
    if rule.expire_after_days is None or not rule.expire_delete_markers:
        assert rule_from_wire(rule_to_wire(name, rule)) == (name, rule)


@pytest.mark.parametrize(
    "filters",
    [{}, {"Prefix": ""}, {"Filter": {}}, {"Filter": {"Prefix": ""}}, {"Filter": None}],
)
def test_every_way_to_say_all_objects_is_one(filters: dict[str, Any]) -> None:
    """A filter of nothing, an empty one and none at all make no diff."""
    wire = {"ID": "x", "Status": "Enabled", **filters, "Expiration": {"Days": 1}}
    assert rule_from_wire(wire) == ("x", LifecycleRule(expire_after_days=1))


def test_a_rule_is_held_to_what_aws_takes() -> None:
    """A preview names what PutBucketLifecycle would refuse, at its place."""
    told = faults(
        BucketArgs,
        name="dags",
        lifecycle={
            "idle": {"prefix": "x/"},
            "both": {"expire_after_days": 1, "expire_delete_markers": True},
            "kept": {"expire_after_days": 1, "noncurrent_keep": 2},
            "picky": {"abort_uploads_after_days": 1, "larger_than": 0},
        },
    )
    assert told.keys() == {
        "lifecycle.idle",
        "lifecycle.both.expire_delete_markers",
        "lifecycle.kept.noncurrent_keep",
        "lifecycle.picky.abort_uploads_after_days",
    }


@given(st.dictionaries(WORDS, NOTIFICATIONS, max_size=3), st.booleans())
def test_notifications_read_back_as_they_were_written(
    notifications: dict[str, Notification], event_bridge: bool
) -> None:
    """Also where AWS gives the filters' names back in capitals."""
    wire = notifications_to_wire(notifications, event_bridge=event_bridge)
    text = json.dumps(wire).replace('"prefix"', '"Prefix"')
    found = notifications_from_wire(json.loads(text))
    assert found == (notifications, event_bridge)


@given(POLICIES)
def test_a_canonical_policy_stays_as_it_is(policy: dict[str, Any]) -> None:
    """Canonical once, canonical for ever."""
    canonical = canonical_policy(policy)
    assert canonical_policy(canonical) == canonical


def test_aws_own_forms_of_a_policy_make_no_diff() -> None:
    """A list of one, another order and an account's number mean the same."""
    ours = {
        "Effect": "Allow",
        "Principal": {"AWS": "123456789012"},
        "Action": ["s3:PutObject", "s3:GetObject"],
        "Resource": [ARN],
        "Condition": {"Bool": {"aws:SecureTransport": True}},
    }
    theirs = {
        **ours,
        "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": ARN,
        "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
    }
    written = canonical_policy({"Statement": ours})
    read = canonical_policy({"Version": "2012-10-17", "Statement": [theirs]})
    assert written == read


@given(st.none() | POLICIES.map(canonical_policy), st.booleans())
def test_a_buckets_policy_parts_into_what_it_was_made_of(
    policy: dict[str, Any] | None, tls_only: bool
) -> None:
    """The program's statements and ours are told apart when read."""
    whole = whole_policy(ARN, policy, tls_only=tls_only)
    assert split_policy(ARN, whole) == (policy, tls_only)


def test_a_statement_of_ours_is_not_for_programs() -> None:
    """Two statements of one name could not be told apart."""
    statement = {"Sid": "FlowgroundTlsOnly", "Effect": "Deny"}
    policy = {"Statement": statement}
    assert "set tls_only" in faults(BucketArgs, name="dags", policy=policy)["policy"]


@given(KEYS)
def test_a_grant_reads_back_as_it_was_written(args: AccessKeyArgs) -> None:
    """From the policy alone it is known what it allows."""
    told = from_policy("aws", to_policy("aws", args))
    assert told == {field: getattr(args, field) for field in FIELDS}


@pytest.mark.parametrize(
    ("document", "access"),
    [
        (None, "none"),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "other"),
        ({"Statement": []}, "other"),
        ({"Statement": [{"Sid": "Read", "Resource": ["a", "b"]}]}, "other"),
    ],
)
def test_a_policy_that_is_not_ours_is_no_grant(
    document: dict[str, Any] | None, access: str
) -> None:
    """What somebody wrote in its place shows as a change of `access`."""
    assert from_policy("aws", document) == {"access": access}


@given(KEYS, KEYS)
def test_one_prefix_never_opens_another(a: AccessKeyArgs, b: AccessKeyArgs) -> None:
    """No resource of a grant matches a key beside its prefix."""
    listing, read = to_policy("aws", a)["Statement"][:2]
    assert read["Resource"] == f"arn:aws:s3:::{a.bucket}/{a.prefix}*"
    assert (a.prefix == "") == ("Condition" not in listing)
    beside = a.prefix.removesuffix("/") + "x/"
    assert not a.prefix or not beside.startswith(a.prefix)
    if (a.bucket, a.prefix) != (b.bucket, b.prefix):
        assert to_policy("aws", a) != to_policy("aws", b)


@given(ROLES)
def test_trust_reads_back_as_it_was_written(args: OidcRoleArgs) -> None:
    """From the policy alone it is known who is trusted."""
    trusted = Trusted(args.workspace_id, args.environment, args.app)
    policy = to_trust(PROVIDER, trusted)
    assert from_trust(PROVIDER, policy) == trusted
    (subject,) = policy["Statement"][0]["Condition"]["StringLike"].values()
    # `dev` must not let `dev2` in.
    assert subject.endswith(f"{args.app or args.environment}:*")


def test_trust_in_anybody_else_is_not_ours() -> None:
    """Another subject, audience or provider is not what a program said."""
    policy = to_trust(PROVIDER, Trusted("ac-1", "dev", None))
    text = json.dumps(policy)
    for old, new in (
        (":dev:*", ":*"),
        ("StringEquals", "StringLike"),
        ("123456789012", "210987654321"),
        ('"oidc.modal.com"', '"sts.amazonaws.com"'),
    ):
        assert from_trust(PROVIDER, json.loads(text.replace(old, new))) is None


@pytest.mark.parametrize(
    "name",
    [
        *("ab", "a" * 64, "Upper", "under_score", "-a-b", "a..b", "192.168.5.4"),
        *("xn--dags", "dags-s3alias", "dags--x-s3"),
    ],
)
def test_a_name_that_s3_refuses_is_told_at_preview(name: str) -> None:
    """Before anything is made, with the rule."""
    assert "is no name for a bucket" in faults(BucketArgs, name=name)["name"]


@pytest.mark.parametrize(
    ("prefix", "why"),
    [("dags", "write 'dags/'"), ("/dags/", "begins with"), ("a//", "two in a row")],
)
def test_a_prefix_is_a_folder(prefix: str, why: str) -> None:
    """Without the slash, it would open folders that begin alike."""
    told = faults(AccessKeyArgs, name="k", bucket="dags", prefix=prefix)
    assert why in told["prefix"]


def test_a_key_says_that_it_is_used() -> None:
    """`kms_key` alone turns KMS on; without KMS it would be passed over in silence."""
    checked, failures = check_properties(
        BucketArgs, {"name": "dags", "kms_key": "alias/mine"}
    )
    assert not failures
    assert checked["encryption"] == "kms"
    told = faults(BucketArgs, name="dags", encryption="s3", bucket_key=True)
    assert told == {
        "bucket_key": "is for encryption by KMS; set encryption to 'kms'",
    }
