"""KMS: keys that buckets encrypt with, and that seal Pulumi's secrets."""

from __future__ import annotations

import json

from tests.support.s3_errors import refused


def test_what_is_sealed_opens_with_the_same_key_only(s3, name):
    """Encrypt, decrypt, data keys and aliases: what `awskms://` uses."""
    kms = s3.client("kms")
    key = kms.create_key(Description="state")["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    sealed = kms.encrypt(KeyId=f"alias/{name}", Plaintext=b"secret")
    assert sealed["KeyId"] == key["Arn"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == b"secret"
    data = kms.generate_data_key(KeyId=key["Arn"], KeySpec="AES_256")
    again = kms.decrypt(CiphertextBlob=data["CiphertextBlob"])["Plaintext"]
    assert again == data["Plaintext"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException"):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"secret")


def test_a_buckets_key_is_told_with_its_objects(s3, root, bucket):
    """An object put into a bucket with a key is encrypted by that key."""
    arn = s3.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    root.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    root.put_object(Bucket=bucket, Key="k", Body=b"x")
    head = root.head_object(Bucket=bucket, Key="k")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", arn)
    assert head["BucketKeyEnabled"] is True


def test_an_encrypted_object_is_for_those_who_may_use_its_key(
    s3, root, bucket, user, name
):
    """Reading needs `kms:Decrypt`, writing `kms:GenerateDataKey`: a well-known trap."""
    arn = s3.client("kms").create_key()["KeyMetadata"]["Arn"]
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    root.put_object(Bucket=bucket, Key="k", Body=b"x", **sealed)
    objects = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    mine = s3.client("s3", user(objects))
    with refused("AccessDenied"):
        mine.get_object(Bucket=bucket, Key="k")
    with refused("AccessDenied"):
        mine.put_object(Bucket=bucket, Key="l", Body=b"x", **sealed)
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    uses = {"Effect": "Allow", "Action": actions, "Resource": arn}
    s3.client("iam").put_user_policy(
        UserName=name,
        PolicyName="kms",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [uses]}),
    )
    assert mine.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    mine.put_object(Bucket=bucket, Key="l", Body=b"x", **sealed)


def test_a_key_that_is_not_there_encrypts_nothing(s3, root, bucket):
    """Moto takes any name for a key; AWS does not, nor a disabled one."""
    kms = s3.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key_id)
    for given, code in (
        (f"arn:aws:kms:us-east-1:123456789012:key/{'0' * 36}", "KMS.NotFoundException"),
        (key_id, "KMS.DisabledException"),
    ):
        with refused(code, 400):
            root.put_object(
                Bucket=bucket,
                Key="k",
                Body=b"x",
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=given,
            )
