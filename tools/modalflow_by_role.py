r"""modalflow's app, its DAGs' bucket opened by an IAM role: for `modal deploy`.

    MODALFLOW_DAGS_BUCKET=s3://… MODALFLOW_DAGS_BUCKET_ROLE=arn:… \
        modal deploy tools/modalflow_by_role.py

modalflow 0.3.1 can open a bucket by a key only. Where it is mounted is decided here,
at the deployment; in the container modalflow's own module is imported, and this is not.
"""

from __future__ import annotations

import functools
import os

import modal

modal.CloudBucketMount = functools.partial(  # type: ignore[assignment,misc]  # a class until now
    modal.CloudBucketMount,
    oidc_auth_role_arn=os.environ["MODALFLOW_DAGS_BUCKET_ROLE"],
)

from modalflow.modal_app import app  # type: ignore[import-not-found]  # noqa: E402  # not of this environment; after the change

__all__ = ["app"]
