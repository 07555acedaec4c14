"""Buckets as AWS makes them, and what it refuses to make of them."""

from __future__ import annotations

import json

import pytest

from tests.support.s3_errors import refused


def policy(bucket, **change):
    """A policy that AWS takes, but for the change."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    statement = {k: v for k, v in {**statement, **change}.items() if v is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_new_bucket_is_private_and_encrypted(root, bucket):
    """AWS's defaults since 2023; moto has none of them."""
    block = root.get_public_access_block(Bucket=bucket)
    assert set(block["PublicAccessBlockConfiguration"].values()) == {True}
    owner = root.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert owner["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    rules = root.get_bucket_encryption(Bucket=bucket)
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    expected = [{**default, "BucketKeyEnabled": False}]
    assert rules["ServerSideEncryptionConfiguration"]["Rules"] == expected
    put = root.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert put["ServerSideEncryption"] == "AES256"


def test_deleting_the_encryption_brings_the_default_back(root, bucket):
    """There are no unencrypted buckets any more."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    root.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    root.delete_bucket_encryption(Bucket=bucket)
    rules = root.get_bucket_encryption(Bucket=bucket)
    (rule,) = rules["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_tags_given_at_creation_are_the_buckets(root, name):
    """Moto ignores them."""
    tags = [{"Key": "team", "Value": "data"}]
    root.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})
    assert root.get_bucket_tagging(Bucket=name)["TagSet"] == tags


def test_a_lifecycle_is_read_back_as_it_was_put(root, bucket):
    """Moto forgets fields, so that a comparison would never come out equal."""
    rules = [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"Prefix": "dags/"},
            "NoncurrentVersionExpiration": {
                "NoncurrentDays": 30,
                "NewerNoncurrentVersions": 5,
            },
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "logs",
            "Status": "Disabled",
            "Filter": {
                "And": {
                    "Prefix": "logs/",
                    "ObjectSizeGreaterThan": 10,
                    "ObjectSizeLessThan": 1000,
                    "Tags": [{"Key": "a", "Value": "b"}],
                }
            },
            "Expiration": {"Days": 90},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        },
    ]
    root.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": rules},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    found = root.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["Rules"] == rules
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    root.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        root.get_bucket_lifecycle_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Maybe"},
        {"Principal": None},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:user/nobody-at-all"}},
        {"Action": "ec2:RunInstances"},
        {"Resource": "arn:aws:s3:::another-bucket/*"},
        {"Condition": {"StringLikes": {"aws:username": "x"}}},
        {"Conditions": {}},
    ],
    ids=str,
)
def test_a_malformed_policy_is_refused(root, bucket, change):
    """Moto takes anything, and a mistake would show in the cloud only."""
    root.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    with refused("MalformedPolicy", 400):
        root.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, **change))
    with refused("MalformedPolicy", 400):
        root.put_bucket_policy(Bucket=bucket, Policy="{")
    assert root.get_bucket_policy(Bucket=bucket)["Policy"] == policy(bucket)


def test_a_public_policy_is_refused_where_it_is_blocked(root, bucket):
    """Only without the block can everybody be let in."""
    public = policy(bucket, Principal="*")
    with refused("AccessDenied", 403):
        root.put_bucket_policy(Bucket=bucket, Policy=public)
    root.delete_public_access_block(Bucket=bucket)
    root.put_bucket_policy(Bucket=bucket, Policy=public)
    assert root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]


def test_acls_are_off(root, bucket):
    """As long as the owner owns all objects, which is the default."""
    with refused("AccessControlListNotSupported", 400):
        root.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with refused("AccessControlListNotSupported", 400):
        root.put_object(Bucket=bucket, Key="k", Body=b"", ACL="public-read")
    root.put_object(Bucket=bucket, Key="k", Body=b"", ACL="bucket-owner-full-control")


def test_what_is_not_served_says_so(root, bucket):
    """Moto takes it for a bucket's creation."""
    with refused("NotImplemented", 501):
        root.put_bucket_metrics_configuration(
            Bucket=bucket, Id="x", MetricsConfiguration={"Id": "x"}
        )
