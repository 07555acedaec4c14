"""AWS: by the client of the kinds, so that all of boto3's ways to credentials count."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from components.kernel import AccessError, FlowgroundError
from components.s3.client import connect
from components.s3.session import Account

from .clock import clock
from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "aws"


def aws(patient: Patient) -> Iterator[Finding]:
    """See that AWS answers, and who it takes the credential for."""
    settings = patient.part("s3")
    if settings is None:
        return
    try:
        account = Account.of(patient)
        api = connect(patient, "account")
        who = api.call("sts", "get_caller_identity")
    except AccessError as error:
        yield stop(ABOUT, "credential", str(error))
        return
    except FlowgroundError as error:
        yield stop(ABOUT, "reach", str(error))
        return
    yield fine(
        ABOUT, "reach", f"{account.endpoint_url or 'AWS'}, boto3 {version('boto3')}"
    )
    headers = who.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    yield from clock(ABOUT, headers.get("date"))
    yield fine(ABOUT, "credential", f"accepted as {who['Arn']}")
    try:
        api.call("s3", "list_buckets", MaxBuckets=1)
    except AccessError:
        # Its policy may name the stack's buckets, and nothing else.
        yield warn(
            ABOUT,
            "permission",
            "may not list buckets, so not seen whether it may make them; see `up`",
        )
    except FlowgroundError as error:
        yield stop(ABOUT, "reach", str(error))
    else:
        yield fine(ABOUT, "permission", "may list buckets")
