"""What an environment on GitHub holds: what its settings say, and what tools expect.

`prefect` and `modal` read where and who they are from environment variables of these
names. What of it a stack has is delivered unless the settings say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from .settings import GithubSettings

Has: TypeAlias = Callable[[str, str], bool]
"""Tells whether the stack has something of that group and name."""

DEFAULT_SERVICE_ACCOUNT: Final = "ci"
_VARIABLES: Final = {
    "PREFECT_API_URL": ("prefect", "api_url"),
    "MODAL_ENVIRONMENT": ("modal", "environment"),
}
_SECRETS: Final = {
    "MODAL_TOKEN_ID": ("modal", "token_id"),
    "MODAL_TOKEN_SECRET": ("modal", "token_secret"),
}


class Entries(NamedTuple):
    """What an environment holds, by name, as references to what the stack has."""

    variables: Mapping[str, str]
    secrets: Mapping[str, str]


def entries(settings: GithubSettings, has: Has) -> Entries:
    """Add to what the settings say what is expected and there.

    A service account that the settings name is taken to be there, so that a wrong name
    is told where it is looked up.
    """
    account = settings.service_account or DEFAULT_SERVICE_ACCOUNT
    key = ("service_account_keys", account)
    named = settings.service_account is not None
    said = settings.variables.keys() | settings.secrets.keys()
    return Entries(
        {**_expected(_VARIABLES, said, has), **_wanted(settings.variables)},
        {
            **_expected({"PREFECT_API_KEY": key}, said, _always if named else has),
            **_expected(_SECRETS, said, has),
            **_wanted(settings.secrets),
        },
    )


def _always(group: str, name: str) -> bool:
    return bool(group and name)


def _expected(
    known: Mapping[str, tuple[str, str]], said: set[str], has: Has
) -> dict[str, str]:
    return {
        name: f"${{{group}.{of}}}"
        for name, (group, of) in known.items()
        if name not in said and has(group, of)
    }


def _wanted(given: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}
