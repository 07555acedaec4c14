"""The bucket that Pulumi's state is in: `make backend` runs this, see docs/state.md."""

# ruff: noqa: INP001  the program of a Pulumi project is no package

import pulumi

from components.s3 import Bucket

config = pulumi.Config()
bucket = Bucket(
    "state",
    name=config.require("bucket"),
    kms_key=config.get("kmsKey") or None,
    bucket_key=bool(config.get("kmsKey")),
    # Each write of a state leaves the one before as an old version: the way back from
    # a state that was damaged or deleted.
    versioning=True,
    tls_only=True,
    lifecycle={
        "old-states": {
            "noncurrent_expire_after_days": 90,
            "noncurrent_keep": 20,
            "expire_delete_markers": True,
            "abort_uploads_after_days": 7,
        }
    },
    opts=pulumi.ResourceOptions(protect=True),
)
pulumi.export("bucket", bucket.name)
