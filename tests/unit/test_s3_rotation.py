"""The rotation of an AWS key whose new one cannot be tried."""

from __future__ import annotations

from typing import Any

import pytest

from components.kernel import ServiceError
from components.s3.access_key import AccessKeyState, _with_new_key


class Iam:
    """A user's keys, at an AWS whose clock is not ours."""

    def __init__(self) -> None:
        self.keys = ["AKIAOLD"]

    def call(self, service: str, operation: str, **_: Any) -> dict[str, Any]:
        """Answer what a rotation asks."""
        if service == "sts":
            raise ServiceError("AWS says SignatureDoesNotMatch: Signature expired")
        if operation == "create_access_key":
            self.keys.append("AKIANEW")
            return {"AccessKey": {"AccessKeyId": "AKIANEW", "SecretAccessKey": "s"}}
        listed = [
            {"AccessKeyId": key, "Status": "Active", "CreateDate": key}
            for key in self.keys
        ]
        return {"AccessKeyMetadata": listed}

    def look(self, *_: str, AccessKeyId: str, **__: str) -> None:  # noqa: N803  # boto3's
        """Delete a key."""
        self.keys.remove(AccessKeyId)

    def awaiting(self, *_: str) -> Iam:
        """Wait for nothing."""
        return self

    def acting_as(self, *_: str) -> Iam:
        """Be asked by any key."""
        return self


def state(*, overlap: bool) -> AccessKeyState:
    """Return a user with one key."""
    return AccessKeyState.model_construct(
        name="u", overlap=overlap, key_statuses={"AKIAOLD": "Active"}
    )


def test_a_key_that_should_end_is_told_where_it_cannot() -> None:
    """Else it went on working for ever; the next run makes another new one."""
    iam = Iam()
    with pytest.raises(ServiceError, match="Signature expired"):
        _with_new_key(iam, state(overlap=False), "AKIAOLD")  # type: ignore[arg-type]  # as much of it as is used
    assert "AKIAOLD" in iam.keys


@pytest.mark.parametrize(
    ("in_use", "overlap", "left"), [("AKIAOLD", True, 2), (None, False, 1)]
)
def test_a_key_that_ends_none_need_not_be_tried(
    in_use: str | None, overlap: bool, left: int
) -> None:
    """It is the stack's, as IAM has said."""
    iam = Iam()
    made = _with_new_key(iam, state(overlap=overlap), in_use)  # type: ignore[arg-type]  # as above
    assert made.access_key_id == "AKIANEW"
    assert len(iam.keys) == left
