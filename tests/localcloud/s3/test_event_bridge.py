"""Whom a bucket tells is read back as it was put."""

from __future__ import annotations


def test_event_bridge_is_read_back(root, bucket):
    """AWS answers an empty element; moto keeps the setting and does not tell it."""
    queue = {
        "Id": "q",
        "QueueArn": "arn:aws:sqs:us-east-1:123456789012:q",
        "Events": ["s3:ObjectCreated:*"],
    }
    both = {"EventBridgeConfiguration": {}, "QueueConfigurations": [queue]}
    for told in ({"EventBridgeConfiguration": {}}, both, {}):
        root.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=told
        )
        read = root.get_bucket_notification_configuration(Bucket=bucket)
        del read["ResponseMetadata"]
        assert read == told
