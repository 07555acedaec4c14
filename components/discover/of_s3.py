"""Buckets of an AWS account: those whose names are asked for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from components.kernel import ConfigurationError
from components.prefect.discovery import LeftOut
from components.s3.bucket import BucketKind
from components.s3.bucket_model import BucketArgs
from components.s3.client import S3Api, connect
from components.s3.dag_bucket import safe_for_code
from components.s3.settings import S3Settings

from .found import Found, entry_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .stack_file import StackFile


_LIFECYCLE: Final = (
    "a bucket of code also has rules that clear old versions and unfinished uploads "
    "away, and taking it over would set them; declare `Bucket` in a program instead"
)


def read(file: StackFile, names: Sequence[str]) -> Found:
    """Describe buckets, but not what is in them.

    Args:
        file: The stack's config, which may say where AWS is.
        names: Patterns on the buckets' names.

    Raises:
        ConfigurationError: There are no patterns: an account has buckets of all sorts.
    """
    if not names:
        raise ConfigurationError(
            "it is not said which buckets; name them by --name, patterns allowed"
        )
    found = Found({}, [], [], {})
    account = connect(file, "account")
    for page in account.pages("s3", "list_buckets"):
        for listed in page.get("Buckets", ()):
            name = listed["Name"]
            if any(fnmatchcase(name, pattern) for pattern in names):
                _bucket(connect(file, f"bucket/{name}"), name, found)
    return found


def _bucket(api: S3Api, name: str, found: Found) -> None:
    kind = BucketKind()
    for wire in kind.list(api):
        state = kind.parse(api, wire)
        entry = entry_of(kind.args, state, ("name", "force_destroy", "region"))
        there = state.model_dump(mode="json")
        # Where nothing is said, a bucket of code is safer than one of AWS's.
        said = {
            key: there[key]
            for key, value in safe_for_code(entry).items()
            if key not in entry and value != there[key]
        }
        whole = {"name": name, **entry, **said}
        meant = BucketArgs.model_validate(safe_for_code(whole))
        if meant.lifecycle != state.lifecycle:
            found.left_out.append(LeftOut(f"Bucket {name}", _LIFECYCLE))
        elif found.add(S3Settings, "dag_buckets", name, {"bucket": whole}):
            found.ids[f"Bucket {name}"] = state.id
