"""Where a stack's state is: its reach, its lock, and a run that was cut short."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from components.kernel import FlowgroundError
from components.kernel.journal import Journal
from tools.stack import journal_path

from .finding import fine, stop, warn
from .patient import first_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "backend"
_SERVICES: Final = frozenset({"http", "https"})


def state(patient: Patient) -> Iterator[Finding]:
    """See that the backend answers, and whether somebody else is at the stack."""
    url = patient.env.get("PULUMI_BACKEND_URL", "")
    done = patient.pulumi("stack", "ls", "--json")
    where = told_url(url)
    if done.returncode:
        said = first_error(done.stderr).replace(url, where)
        told = (
            f"it cannot be read ({said}); check PULUMI_BACKEND_URL and its credential"
        )
        yield stop(ABOUT, "reach", told)
        return
    yield fine(ABOUT, "reach", where)
    listed = {one["name"].rpartition("/")[2]: one for one in json.loads(done.stdout)}
    name = patient.stack.rpartition("/")[2]
    if listed.get(name, {}).get("updateInProgress"):
        told = (
            "an update is running; wait for its end, or run `make recover` if it died"
        )
        yield stop(ABOUT, "lock", told)
        return
    try:
        held = list(
            _locks(url, f".pulumi/locks/organization/{patient.project}/{name}/")
        )
    except FlowgroundError as error:
        yield warn(ABOUT, "lock", f"who holds it cannot be read: {error}")
        return
    for lock in held:
        yield stop(ABOUT, "lock", _holder(lock))
    if not held:
        yield fine(ABOUT, "lock", "free")


def opened(patient: Patient) -> Iterator[Finding]:
    """See that the secrets that are in the state can be opened."""
    if not patient.made:
        return
    # A stack without secrets in its config is opened by nothing less.
    done = patient.pulumi("stack", "export", "--show-secrets")
    if done.returncode:
        told = (
            f"the state's secrets cannot be opened ({first_error(done.stderr)}); set "
            f"PULUMI_CONFIG_PASSPHRASE, or what else opens them, to the stack's own"
        )
        yield stop(ABOUT, "secrets", told)
    else:
        yield fine(ABOUT, "secrets", "opened")


def journal(patient: Patient) -> Iterator[Finding]:
    """See whether a run was killed that made what no state has."""
    if Journal(journal_path(patient.stack, patient.env)).was_cut_short:
        told = (
            "an `up` was killed, and what it made is in no state; `make recover` and "
            "`make up` take it up"
        )
        yield warn(ABOUT, "journal", told)
    else:
        yield fine(ABOUT, "journal", "no run was cut short")


def told_url(url: str) -> str:
    """Return a backend's address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _holder(lock: dict[str, Any]) -> str:
    who = f"{lock.get('username')}@{lock.get('hostname')}"
    since = str(lock.get("timestamp", "")).partition(".")[0]
    held = f"{who} (process {lock.get('pid')}) holds it since {since}"
    if lock.get("hostname") == socket.gethostname() and not _lives(lock.get("pid")):
        return f"{held}, and is dead; run `make recover`"
    return f"{held}; wait for its end, or run `make recover` if it died"


def _lives(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, TypeError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _locks(url: str, folder: str) -> Iterator[dict[str, Any]]:
    """Yield what each lock of a stack says, where the backend keeps them as files."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = Path(unquote(parts.path)).expanduser() / folder
        for file in path.glob("*.json"):
            yield json.loads(file.read_text(encoding="utf-8"))
    elif parts.scheme == "s3":
        yield from _in_bucket(parts.netloc, parts.path, parts.query, folder)
    elif parts.scheme not in _SERVICES:
        # Its client is not among the program's packages.
        raise FlowgroundError(f"not looked at in a backend at {parts.scheme}://")


def _in_bucket(
    bucket: str, path: str, query: str, folder: str
) -> Iterator[dict[str, Any]]:
    """Yield locks that are objects, by the settings that are in the address."""
    import boto3  # noqa: PLC0415  # half a second that most need not pay
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    given = {key: values[0] for key, values in parse_qs(query).items()}
    endpoint = given.get("endpoint")
    if endpoint and "://" not in endpoint:
        scheme = "http" if given.get("disableSSL") == "true" else "https"
        endpoint = f"{scheme}://{endpoint}"
    path_style = given.get("s3ForcePathStyle") == "true"
    settings = Config(s3={"addressing_style": "path"}) if path_style else None
    prefix = "/".join(part for part in (path.strip("/"), folder) if part)
    try:
        s3 = boto3.Session(
            profile_name=given.get("profile"), region_name=given.get("region")
        ).client("s3", endpoint_url=endpoint, config=settings)
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        for one in listed:
            yield json.load(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"])
    except (BotoCoreError, ClientError) as error:
        raise FlowgroundError(
            f"the bucket does not answer ({type(error).__name__})"
        ) from None
