"""Who may do what: keys, signatures and policies, asked by unmodified boto3."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.support.s3_errors import refused
from tests.support.waiting import until


def allow(actions, resource, **condition):
    """A statement that allows."""
    return {
        "Effect": "Allow",
        "Action": actions,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


@pytest.mark.parametrize(
    ("service", "call", "unknown"),
    [
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("iam", "list_users", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("kms", "list_keys", "UnrecognizedClientException"),
    ],
)
def test_keys_and_signatures_are_verified(s3, service, call, unknown):
    """An unknown key and a wrong secret are refused, each with the service's code."""
    with refused(unknown):
        getattr(s3.client(service, ("AKIA" + "A" * 16, s3.secret)), call)()
    is_kms = service == "kms"
    with refused("InvalidSignatureException" if is_kms else "SignatureDoesNotMatch"):
        getattr(s3.client(service, (s3.key_id, "wrong")), call)()


def test_the_owner_is_the_root_of_the_account(s3):
    """The key made at first start is the account's root."""
    found = s3.client("sts").get_caller_identity()
    assert found["Arn"] == "arn:aws:iam::123456789012:root"
    assert found["UserId"] == found["Account"] == "123456789012"


def test_nobody_gets_in_without_a_signature(s3, root, bucket):
    """An object of a bucket with AWS's defaults is not for the public."""
    root.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = httpx.get(f"{s3.url}/{bucket}/k")
    assert answer.status_code == 403
    assert "<Code>AccessDenied</Code>" in answer.text


def test_a_key_of_one_prefix_reaches_that_prefix_only(s3, root, bucket, user):
    """Objects and lists of the prefix are there; of others they are denied."""
    for key in ("dags/a.py", "other/b.py"):
        root.put_object(Bucket=bucket, Key=key, Body=b"x")
    arn = f"arn:aws:s3:::{bucket}"
    key = user(
        allow("s3:GetObject", f"{arn}/dags/*"),
        allow("s3:ListBucket", arn, StringLike={"s3:prefix": ["dags/*", "dags/"]}),
    )
    reader = s3.client("s3", key)
    assert reader.get_object(Bucket=bucket, Key="dags/a.py")["Body"].read() == b"x"
    listed = reader.list_objects_v2(Bucket=bucket, Prefix="dags/")["Contents"]
    assert [each["Key"] for each in listed] == ["dags/a.py"]
    for call in (
        lambda: reader.get_object(Bucket=bucket, Key="other/b.py"),
        lambda: reader.list_objects_v2(Bucket=bucket),
        lambda: reader.list_objects_v2(Bucket=bucket, Prefix="other/"),
        lambda: reader.put_object(Bucket=bucket, Key="dags/a.py", Body=b"y"),
        lambda: reader.delete_object(Bucket=bucket, Key="dags/a.py"),
        lambda: reader.copy_object(
            Bucket=bucket, Key="dags/c", CopySource=f"{bucket}/other/b.py"
        ),
        reader.list_buckets,
        lambda: reader.get_bucket_policy(Bucket=bucket),
    ):
        with refused("AccessDenied", 403):
            call()


def test_an_absent_object_looks_denied_to_whoever_may_not_list(s3, bucket, user):
    """A 404 would tell what the key's holder may not know."""
    arn = f"arn:aws:s3:::{bucket}"
    reader = s3.client("s3", user(allow("s3:GetObject", f"{arn}/*")))
    with refused("AccessDenied", 403):
        reader.get_object(Bucket=bucket, Key="none")
    with refused("403"):
        reader.head_object(Bucket=bucket, Key="none")
    with refused("NoSuchKey", 404):
        s3.client("s3").get_object(Bucket=bucket, Key="none")
    with refused("NoSuchBucket", 404):
        s3.client("s3").get_object(Bucket=f"{bucket}-none", Key="none")


def test_a_batch_deletion_is_decided_key_by_key(s3, root, bucket, user):
    """Keys that may not be deleted stay, and are reported beside those that went."""
    for key in ("a/1", "b/1"):
        root.put_object(Bucket=bucket, Key=key, Body=b"x")
    deleter = s3.client(
        "s3", user(allow("s3:DeleteObject", f"arn:aws:s3:::{bucket}/a/*"))
    )
    done = deleter.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "a/1"}, {"Key": "b/1"}]}
    )
    assert [each["Key"] for each in done["Deleted"]] == ["a/1"]
    assert [(e["Key"], e["Code"]) for e in done["Errors"]] == [("b/1", "AccessDenied")]
    listed = root.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in listed] == ["b/1"]


def test_a_deactivated_key_is_no_key(s3, user, name):
    """Rotation depends on it: moto goes on taking such a key."""
    key = user(allow("s3:ListAllMyBuckets", "*"))
    s3.client("s3", key).list_buckets()
    iam = s3.client("iam")
    iam.update_access_key(UserName=name, AccessKeyId=key[0], Status="Inactive")
    with refused("InvalidAccessKeyId"):
        s3.client("s3", key).list_buckets()
    iam.update_access_key(UserName=name, AccessKeyId=key[0], Status="Active")
    s3.client("s3", key).list_buckets()
    iam.delete_access_key(UserName=name, AccessKeyId=key[0])
    with refused("InvalidAccessKeyId"):
        s3.client("s3", key).list_buckets()


def test_a_denial_outweighs_and_its_condition_counts(s3, bucket, user):
    """`Deny` applies where its condition holds, and there only."""
    arn = f"arn:aws:s3:::{bucket}/*"
    deny = {
        "Effect": "Deny",
        "Action": "s3:PutObject",
        "Resource": arn,
        "Condition": {
            "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}
        },
    }
    writer = s3.client("s3", user(allow("s3:*", arn), deny))
    with refused("AccessDenied"):
        writer.put_object(Bucket=bucket, Key="k", Body=b"x")
    writer.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")


@pytest.mark.parametrize("who", ["root", "user"])
def test_a_bucket_that_asks_for_tls_is_closed_over_plain_http(
    s3, root, bucket, user, who
):
    """Moto closes it over HTTPS too; here it is as in AWS, for the owner as well."""
    arn = f"arn:aws:s3:::{bucket}"
    key = () if who == "root" else user(allow("s3:*", [arn, f"{arn}/*"]))
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    }
    root.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    secure, plain = (s3.client("s3", key, tls=tls) for tls in (True, False))
    for call in (
        lambda c: c.put_object(Bucket=bucket, Key="k", Body=b"x"),
        lambda c: c.get_object(Bucket=bucket, Key="k")["Body"].read(),
        lambda c: c.copy_object(Bucket=bucket, Key="l", CopySource=f"{bucket}/k"),
        lambda c: c.list_objects_v2(Bucket=bucket),
        lambda c: c.get_bucket_versioning(Bucket=bucket),
        lambda c: c.delete_object(Bucket=bucket, Key="l"),
    ):
        call(secure)
        with refused("AccessDenied", 403):
            call(plain)
    done = plain.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
    assert [each["Code"] for each in done["Errors"]] == ["AccessDenied"]
    if who == "root":  # who locked himself out can get back in
        plain.delete_bucket_policy(Bucket=bucket)
        plain.list_objects_v2(Bucket=bucket)


def test_a_bucket_policy_lets_in_whom_it_names(s3, root, bucket, user, name):
    """A user without policies reads what the bucket gives to it."""
    key = user(allow("sts:GetCallerIdentity", "*"))
    root.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessDenied"):
        s3.client("s3", key).get_object(Bucket=bucket, Key="k")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::123456789012:user/{name}"},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            }
        ],
    }
    root.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert s3.client("s3", key).get_object(Bucket=bucket, Key="k")["ETag"]


def test_groups_and_managed_policies_count(s3, bucket, name, user):
    """A user has its groups' policies and those attached to it."""
    key = user(allow("sts:GetCallerIdentity", "*"))
    iam = s3.client("iam")
    arn = f"arn:aws:s3:::{bucket}"
    document = {"Version": "2012-10-17", "Statement": [allow("s3:ListBucket", arn)]}
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.put_group_policy(
        GroupName=name, PolicyName="p", PolicyDocument=json.dumps(document)
    )
    mine = s3.client("s3", key)
    mine.list_objects_v2(Bucket=bucket)
    with refused("AccessDenied"):
        mine.put_object(Bucket=bucket, Key="k", Body=b"x")
    document["Statement"] = [allow("s3:PutObject", f"{arn}/*")]
    managed = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
    iam.attach_user_policy(UserName=name, PolicyArn=managed["Policy"]["Arn"])
    mine.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_users_manage_iam_and_kms_only_where_allowed(s3, user, name):
    """Actions of IAM and KMS are decided by the resource that a call names."""
    own = f"arn:aws:iam::123456789012:user/{name}"
    iam = s3.client("iam", user(allow("iam:*AccessKey*", own)))
    assert len(iam.list_access_keys(UserName=name)["AccessKeyMetadata"]) == 1
    with refused("AccessDenied", 403):
        iam.list_access_keys(UserName="someone")
    with refused("AccessDenied", 403):
        iam.create_user(UserName="someone")
    key = s3.client("iam").create_access_key(UserName=name)["AccessKey"]
    kms = s3.client("kms", (key["AccessKeyId"], key["SecretAccessKey"]))
    with refused("AccessDeniedException", 400):
        kms.create_key()


def test_presigned_urls_work_until_they_expire(s3, root, bucket):
    """A presigned URL stands for its signer; altered or expired it is nothing."""
    root.put_object(Bucket=bucket, Key="a b+c/ü", Body=b"x")
    given = {"Bucket": bucket, "Key": "a b+c/ü"}
    plain = s3.client("s3", tls=False, config={"signature_version": "s3v4"})
    url = plain.generate_presigned_url("get_object", given, ExpiresIn=60)
    assert httpx.get(url).content == b"x"
    short = plain.generate_presigned_url("get_object", given, ExpiresIn=1)
    other = url.replace("a%20b", "a%20c")
    forged = url[:-4] + ("0000" if not url.endswith("0000") else "1111")
    assert [httpx.get(each).status_code for each in (other, forged)] == [403, 403]
    expired = until(
        lambda: (a := httpx.get(short)).status_code == 403 and a, 20, what="its end"
    )
    assert "Request has expired" in expired.text


def test_nothing_of_a_signature_is_logged(s3, root, bucket):
    """The log has methods, paths and statuses: no query, no header, no key."""
    url = root.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    root.list_objects_v2(Bucket=bucket)
    log = s3.log.read_text()
    assert f"GET /{bucket} 200" in log
    assert s3.secret not in log
    assert s3.key_id not in log
    assert "Signature" not in log
    assert "Signature" in url
