"""The keys that a stack makes and hands out: where they are, and whether they work."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import AccessError, ConfigurationError
from components.modal import client as modal
from components.prefect.client import connect_account
from components.prefect.service_account import MAX_OVERLAP_SECONDS, ONE_DAY_SECONDS
from components.s3 import client as s3

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tools.doctor.patient import Patient

_SECONDS: Final = 30.0


class Sort(NamedTuple):
    """One sort of key.

    Attributes:
        path: Where the config has it; `*` stands for its name.
        type: The type of the resource that makes it.
        resource: That resource's name; `*` stands for the key's.
    """

    path: tuple[str, ...]
    type: str
    resource: str = "*"


SORTS: Final = {
    "modal-token": Sort(
        ("modal", "service_user"),
        "pulumi-python:dynamic/modal:ServiceUser",
        "service-user",
    ),
    "prefect-key": Sort(
        ("prefect", "service_accounts", "*", "account"),
        "pulumi-python:dynamic/prefect:ServiceAccount",
    ),
    "aws-key": Sort(
        ("s3", "dag_buckets", "*", "key"), "pulumi-python:dynamic/s3:AccessKey"
    ),
}


class Key(NamedTuple):
    """One key of a stack.

    Attributes:
        what: Its sort, by the key in `SORTS`.
        name: Its name; empty where a stack has but one.
    """

    what: str
    name: str

    @classmethod
    def of(cls, patient: Patient, what: str, name: str | None) -> Key:
        """Find a key in a stack's config.

        Raises:
            ConfigurationError: There is none, or it is not said which.
        """
        path = SORTS[what].path
        named = "*" in path
        if not named:
            if name:
                raise ConfigurationError(f"has but one {what}; leave out its name")
            if _at(patient, path) is None:
                raise ConfigurationError(
                    f"its config has no {'.'.join(path)}, so it makes no {what}; a "
                    f"token of your own is changed where you made it"
                )
            return cls(what, "")
        within = path[: path.index("*")]
        above = _at(patient, within)
        # A service account always has a key; a bucket has one where it is given one.
        keyed = [
            one
            for one in (above if isinstance(above, dict) else {})
            if what == "prefect-key" or _at(patient, (*within, one, "key")) is not None
        ]
        if name is None and len(keyed) == 1:
            (name,) = keyed
        if name is None or name not in keyed:
            there = ", ".join(sorted(keyed)) or "none"
            asked = f"no {what} '{name}'" if name else f"not just one {what}"
            raise ConfigurationError(f"its config has {asked}; there are: {there}")
        return cls(what, name)

    @property
    def path(self) -> tuple[str, ...]:
        """Where the config has it."""
        return tuple(self.name if p == "*" else p for p in SORTS[self.what].path)

    @property
    def type(self) -> str:
        """The type of the resource that makes it."""
        return SORTS[self.what].type

    @property
    def urn_end(self) -> str:
        """What the URN of that resource ends with."""
        return f"::{SORTS[self.what].resource.replace('*', self.name)}"

    def of_outputs(self, credentials: Mapping[str, Any]) -> dict[str, str] | None:
        """Return the key itself, from the stack's output `credentials`."""
        match self.what:
            case "modal-token":
                found = credentials.get("modal")
            case "prefect-key":
                key = (credentials.get("prefect") or {}).get(self.name)
                found = None if key is None else {"api_key": key}
            case _:
                found = (credentials.get("s3") or {}).get(self.name)
        return found

    def fate(self, patient: Patient, since: datetime, *, lives: bool) -> str:
        """Say what becomes of the key before this one, and how to end it now."""
        if not lives:
            return "the one before has ended"
        where = ".".join(self.path)
        if self.what == "prefect-key":
            seconds = (_at(patient, self.path) or {}).get(
                "overlap_seconds", ONE_DAY_SECONDS
            )
            known = isinstance(seconds, int) and 0 <= seconds <= MAX_OVERLAP_SECONDS
            # What is none, the program says when it makes the key.
            ends = since + timedelta(seconds=seconds if known else ONE_DAY_SECONDS)
            return (
                f"the one before works until {ends:%Y-%m-%d %H:%M} UTC; Prefect has no "
                f"call that ends it sooner (with `overlap_seconds: 0` under {where}, a "
                f"rotation ends the one before at once)"
            )
        return (
            f"the one before works until the next rotation; to end it now, set "
            f"`overlap: false` under {where} and run `make up STACK={patient.stack}`"
        )

    def __str__(self) -> str:
        return f"{self.what} {self.name}".rstrip()


def accepts(patient: Patient, key: Key, held: Mapping[str, str]) -> bool:
    """Ask the service whether a key works.

    Raises:
        ServiceError: The service does not answer.
    """
    try:
        match key.what:
            case "modal-token":
                token = held["token_id"], held["token_secret"]
                modal.connect_as(patient, *token).call("TokenInfoGet")
            case "prefect-key":
                return _prefect_accepts(patient, held["api_key"])
            case _:
                pair = held["access_key_id"], held["secret_access_key"]
                api = s3.connect(patient, "account").acting_as(*pair)
                api.call("sts", "get_caller_identity")
    except AccessError:
        return False
    return True


def _prefect_accepts(patient: Patient, api_key: str) -> bool:
    import httpx  # noqa: PLC0415  # a quarter of a second that not every key needs

    api = connect_account(patient).cloud
    answer = httpx.get(
        f"{api.scope}/me/workspaces",
        headers={"Authorization": f"Bearer {api_key}"},
        timeout=_SECONDS,
    )
    return answer.status_code == 200


def _at(patient: Patient, path: tuple[str, ...]) -> Any:
    value: Any = patient.part(path[0])
    for key in path[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    return value
