"""What services tell that is no longer so: lists as they were, and objects unseen yet.

By their own documents: IAM is eventually consistent, in what it tells of users and in
whether a new key works
(https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html), and so is how a
bucket of S3 is configured, though not what is in it
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
GitHub reads from replicas. Of Prefect Cloud and Modal nothing is said; they are held to
the same. It lasts for a command at most: in life, for seconds.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.torture.faults import AWS, GITHUB, MODAL, PREFECT
from tests.torture.refusals import action_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from tests.support.proxy import Answer, Request

_KEY_ID: Final = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")
_SIGNED_BY: Final = re.compile(r"Credential=(\w+)/")


class Lag:
    """What one line remembers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lists: dict[Hashable, Any] = {}
        self._known: set[str] = set()
        self._unseen: dict[str, int] = {}

    def next_command(self) -> None:
        """Be up to date: since the last command, time has passed."""
        with self._lock:
            self._lists.clear()
            self._unseen.clear()

    def recall(self, question: Hashable) -> Any:
        """Return what a list was answered with before; None if it was not."""
        with self._lock:
            return self._lists.get(question)

    def keep(self, question: Hashable, answer: Any) -> None:
        """Remember what a list was answered with."""
        with self._lock:
            self._lists[question] = answer

    def make(self, name: str, *, unseen: int) -> None:
        """Note that something is there, and how many reads shall not see it yet.

        What was there before is seen.
        """
        with self._lock:
            if name not in self._known and unseen:
                self._unseen[name] = unseen
            self._known.add(name)

    def end(self, name: str) -> None:
        """Note that something, and what is in it, is there no longer."""
        with self._lock:
            self._known = {one for one in self._known if not one.startswith(name)}

    def hidden(self, names: set[str]) -> str:
        """Return which of the objects that a request reads is not seen yet, if any."""
        with self._lock:
            for name in names & self._unseen.keys():
                self._unseen[name] -= 1
                if not self._unseen[name]:
                    del self._unseen[name]
                return name
        return ""


def question_of(line: str, request: Request) -> Hashable | None:
    """Return what tells a request for what may be stale from others; None if not."""
    action = action_of(request)
    match line:
        case "github":
            stale = request.method == "GET"
        case "prefect":
            stale = request.method == "POST" and request.path.endswith("/filter")
        case _:
            stale = action.startswith(("List", "GetUser")) or _configures(request)
    if not stale:
        return None
    return (*request[:2], request.body, _who(request))


def made_by(  # noqa: PLR0911  # a line of a table each
    line: str, request: Request, answer: Answer | None
) -> str:
    """Return the name of what a request makes; empty if nothing.

    Args:
        line: The service.
        request: The request.
        answer: Its answer; None as long as there is none, when any name will do.
    """
    if answer is not None and not 200 <= answer.status < 300:
        return ""
    action = action_of(request)
    if line == AWS and action == "CreateUser":
        return _field(request, "UserName")
    if line == AWS and action == "CreateAccessKey":
        minted = _KEY_ID.search(answer.body) if answer else None
        return minted[1].decode() if minted else "a key"
    if line == AWS:
        makes = request.method == "PUT" and request.target.count("/") == 1
        return request.path if makes and "?" not in request.target else ""
    if line == GITHUB and request.method == "PUT":
        return request.path
    if line == GITHUB and request.method == "POST":
        return f"{request.path}/{json.loads(request.body).get('name')}"
    if line == PREFECT and request.method == "POST" and request.path.endswith("s/"):
        return _id_of(answer) if answer else "an object"
    return ""


def _id_of(answer: Answer) -> str:
    packed = ("content-encoding", "gzip") in {
        (key.lower(), value) for key, value in answer.headers
    }
    body = gzip.decompress(answer.body) if packed else answer.body
    told = json.loads(body) if body else None
    return str(told.get("id", "")) if isinstance(told, dict) else ""


def ended_by(line: str, request: Request) -> str:
    """Return the name of what a request deletes; empty if nothing."""
    if line == AWS and action_of(request) == "DeleteUser":
        return _field(request, "UserName")
    return request.path if request.method == "DELETE" else ""


def read_by(line: str, request: Request) -> set[str]:
    """Return the names of what a request needs to be there."""
    steps = request.path.split("/")
    if line == GITHUB and request.method == "GET":
        return {"/".join(steps[:end]) for end in range(1, len(steps) + 1)}
    if line == PREFECT and request.method == "GET":
        return set(steps)
    if line != AWS:
        return set()
    if action := action_of(request):
        used = {_who(request)}
        if not action.startswith(("CreateUser", "DeleteUser", "List")):
            used.add(_field(request, "UserName"))
        return used
    return {request.path, _who(request)} if _configures(request) else {_who(request)}


def _configures(request: Request) -> bool:
    """Tell whether a request to S3 is about a bucket, not about what is in it."""
    query = urlsplit(request.target).query
    about = request.target.count("/") == 1 and query and action_of(request) == ""
    return bool(about) and "list-type" not in query and "versions" not in query


def _who(request: Request) -> str:
    said = request.headers.get("Authorization", "")
    signed = _SIGNED_BY.search(said)
    return signed[1] if signed else said


def _field(request: Request, name: str) -> str:
    return parse_qs(request.body.decode()).get(name, [""])[0]


def rpc_question_of(method: str, request: Any) -> Hashable | None:
    """Return what tells a call of Modal that lists from others; None if it does not."""
    if not method.endswith("List"):
        return None
    same = type(request)()
    same.CopyFrom(request)
    if "pagination" in request.DESCRIPTOR.fields_by_name:
        same.ClearField("pagination")  # it has the time
    return (MODAL, method, same.SerializeToString(deterministic=True))


def rpc_made_by(method: str, request: Any) -> str:
    """Return the name of what a call of Modal makes; empty if nothing."""
    if method in {"EnvironmentCreate", "ServiceUserCreate"}:
        return f"{method[:-6]} {request.name}"
    if method.endswith("GetOrCreate") and request.object_creation_type:
        return f"{method[:-11]} {request.environment_name} {request.deployment_name}"
    return ""


def rpc_read_by(method: str, request: Any) -> set[str]:
    """Return the names of what a call of Modal needs to be there."""
    environment = getattr(request, "environment_name", "")
    names = {f"Environment {environment}"}
    if method.endswith("GetOrCreate") and not request.object_creation_type:
        names.add(f"{method[:-11]} {environment} {request.deployment_name}")
    return names if method.endswith(("List", "GetOrCreate", "GetRoles")) else set()
