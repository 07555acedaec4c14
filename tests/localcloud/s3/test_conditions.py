"""Conditions of policies, one by one, on a list with the prefix `dags/`."""

from __future__ import annotations

import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from tests.support.checkout import PYTHON, ROOT

PREFIX = "dags/"
# Conditions that hold, and those that do not.
CASES = [
    ({"StringEquals": {"s3:prefix": "dags/"}}, True),
    ({"StringEquals": {"s3:prefix": ["other/", "dags/"]}}, True),
    ({"StringEquals": {"s3:prefix": "DAGS/"}}, False),
    ({"StringEquals": {"S3:Prefix": "dags/"}}, True),
    ({"StringEqualsIgnoreCase": {"s3:prefix": "DAGS/"}}, True),
    ({"StringNotEquals": {"s3:prefix": "dags/"}}, False),
    ({"StringNotEquals": {"s3:prefix": ["other/", "dags/"]}}, False),
    ({"StringNotEquals": {"s3:prefix": "other/"}}, True),
    ({"StringLike": {"s3:prefix": "d?gs/*"}}, True),
    ({"StringLike": {"s3:prefix": "d[a]gs/"}}, False),
    ({"StringNotLike": {"s3:prefix": "dags*"}}, False),
    ({"StringNotEqualsIgnoreCase": {"s3:prefix": "DAGS/"}}, False),
    ({"StringNotEqualsIgnoreCase": {"s3:prefix": "other/"}}, True),
    ({"StringEquals": {"s3:delimiter": "/"}}, False),
    ({"StringNotEquals": {"s3:delimiter": "/"}}, True),
    ({"StringEqualsIfExists": {"s3:delimiter": "/"}}, True),
    ({"StringEqualsIfExists": {"s3:prefix": "other/"}}, False),
    ({"Null": {"s3:delimiter": "true"}}, True),
    ({"Null": {"s3:prefix": True}}, False),
    ({"NumericLessThanEquals": {"s3:max-keys": "10"}}, True),
    ({"NumericGreaterThan": {"s3:max-keys": "10"}}, False),
    ({"NumericEquals": {"s3:prefix": "1"}}, False),
    ({"NumericEquals": {"s3:max-keys": "10.0"}}, True),
    ({"NumericNotEquals": {"s3:max-keys": "10"}}, False),
    ({"NumericLessThan": {"s3:max-keys": "10"}}, False),
    ({"NumericLessThan": {"s3:max-keys": "11"}}, True),
    ({"NumericGreaterThanEquals": {"s3:max-keys": "10"}}, True),
    ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ({"Bool": {"aws:SecureTransport": False}}, False),
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ({"DateGreaterThan": {"aws:EpochTime": "1577836800"}}, True),
    ({"DateGreaterThanEquals": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"DateLessThanEquals": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ({"DateEquals": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ({"DateNotEquals": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, True),
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
    ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, False),
    ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
    ({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, False),
    ({"BinaryEquals": {"aws:PrincipalTag/team": "data"}}, True),
    ({"BinaryEquals": {"aws:PrincipalTag/team": "DATA"}}, False),
    ({"StringEquals": {"aws:PrincipalTag/team": "data"}}, True),
    ({"StringEquals": {"aws:PrincipalTag/team": "ops"}}, False),
    ({"StringLike": {"aws:PrincipalArn": "*:user/${aws:username}"}}, True),
    ({"StringEquals": {"s3:prefix": "${aws:PrincipalTag/none, 'dags'}/"}}, True),
    ({"ForAnyValue:StringEquals": {"s3:prefix": ["dags/"]}}, True),
    ({"ForAnyValue:StringEquals": {"s3:delimiter": ["/"]}}, False),
    ({"ForAllValues:StringEquals": {"s3:delimiter": ["/"]}}, True),
    (
        {
            "StringEquals": {"s3:prefix": "dags/"},
            "Bool": {"aws:SecureTransport": "false"},
        },
        False,
    ),
]


@pytest.fixture(scope="module")
def listing(s3):
    """Let a user list under a condition, and tell what comes of it."""
    iam = s3.client("iam")
    s3.client("s3").create_bucket(Bucket="conditions")
    iam.create_user(UserName="conditional", Tags=[{"Key": "team", "Value": "data"}])
    made = iam.create_access_key(UserName="conditional")["AccessKey"]
    mine = s3.client("s3", (made["AccessKeyId"], made["SecretAccessKey"]))

    def may(condition):
        statement = {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": "*",
            "Condition": condition,
        }
        document = {"Version": "2012-10-17", "Statement": statement}
        iam.put_user_policy(
            UserName="conditional", PolicyName="p", PolicyDocument=json.dumps(document)
        )
        try:
            mine.list_objects_v2(Bucket="conditions", Prefix=PREFIX, MaxKeys=10)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "allowed"

    return may


@pytest.mark.parametrize(("condition", "holds"), CASES, ids=str)
def test_a_condition(listing, condition, holds):
    """A statement applies if all its conditions hold, and not otherwise."""
    assert listing(condition) == ("allowed" if holds else "AccessDenied")


def test_every_operator_has_its_case():
    """None of those that a policy may use is left out above."""
    told = subprocess.run(
        [PYTHON, "-c", "from localcloud.s3.access.conditions import *; print(*NAMES)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    tried = {name for condition, _ in CASES for name in condition}
    assert set(told.stdout.split()) - tried == set()
