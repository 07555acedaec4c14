"""Modal: by the SDK's own client, which is the only one there is of its protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from components.kernel import AccessError, FlowgroundError
from components.modal.client import connect
from components.modal.token import WARN_DAYS, from_wire

from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "modal"


def modal(patient: Patient) -> Iterator[Finding]:
    """See that Modal answers, takes the token, and lets it do what the config needs."""
    settings = patient.part("modal")
    if settings is None:
        return
    try:
        api = connect(patient)
        told = from_wire(api.call("TokenInfoGet"))
    except AccessError as error:
        yield stop(ABOUT, "credential", str(error))
        return
    except FlowgroundError as error:
        yield stop(ABOUT, "reach", str(error))
        return
    yield fine(ABOUT, "reach", f"{api.scope[0]}, SDK {version('modal')}")
    yield from _credential(told["identity"], told["workspace"], told["expires_at"])
    needed = {"EnvironmentList": "list environments"}
    if settings.get("service_user") is not None:
        needed["ServiceUserList"] = "manage service users"
    for rpc, what in needed.items():
        try:
            api.call(rpc)
        except FlowgroundError as error:
            yield stop(ABOUT, "permission", f"may not {what}: {error}")
        else:
            yield fine(ABOUT, "permission", f"may {what}")


def _credential(
    identity: str, workspace: str, expires_at: str | None
) -> Iterator[Finding]:
    told = f"accepted as {identity} of workspace {workspace}"
    if expires_at is None:
        yield fine(ABOUT, "credential", f"{told}; never ends")
        return
    ends = datetime.fromisoformat(expires_at)
    days = (ends - datetime.now(UTC)).days
    if days >= WARN_DAYS:
        yield fine(ABOUT, "credential", f"{told}; ends on {ends:%Y-%m-%d}")
    else:
        said = (
            f"the token ends on {ends:%Y-%m-%d at %H:%M %Z}; make another by `modal "
            f"token new`"
        )
        yield warn(ABOUT, "credential", said)
