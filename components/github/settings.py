"""The stack's config for GitHub: what the flows' repository gets of one environment.

Strings may refer to what the stack has, such as `${secrets.NAME}`,
`${service_account_keys.NAME}`, `${modal.token_id}` or `${bucket_uris.NAME}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from components.kernel import EntryOf, Part
from components.kernel.references import SECRETS, refers

from .base import EntryName, Repository, small
from .environment import EnvironmentArgs

Entry: TypeAlias = dict[str, Any]
# What a variable, which everyone reads who sees the repository, must not hold.
_SECRET_GROUPS: Final = (*SECRETS, "service_account_keys", "access_key_secrets")
_SECRET_NAMES: Final = ("${modal.token_secret}",)


def _open(value: str) -> str:
    if refers(value, _SECRET_GROUPS) or any(name in value for name in _SECRET_NAMES):
        raise ValueError(
            "refers to a secret, and GitHub shows a variable's value to whoever reads "
            "the repository's settings; put it under secrets"
        )
    return value


def _kept_elsewhere(value: str) -> str:
    if not refers(value):
        raise ValueError(
            "is written out in the config, for all to read; set it with `pulumi config "
            "set --secret NAME`, and write ${secrets.NAME}"
        )
    return value


def _told_apart(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    entries = validate(value)
    if isinstance(value, Mapping) and len(entries) != len(value):
        raise ValueError(
            "has names that differ in case only, which GitHub takes for one; keep one "
            "of each"
        )
    return entries


_Text: TypeAlias = Annotated[str, AfterValidator(small), AfterValidator(_open)]
_Secret: TypeAlias = Annotated[
    str, AfterValidator(small), AfterValidator(_kept_elsewhere)
]
_UNIQUE: Final = WrapValidator(_told_apart)


class WorkflowSettings(Part):
    """The environment's job in the repository's workflow.

    Attributes:
        branch: The branch whose pushes deploy; the same for all stacks of a
            repository.
        folder: The folder in the repository that has the `pyproject.toml` and the
            `prefect.yaml`.
        python: The Python that the job sets up.
        command: What deploys, in the environment that `uv sync` made.
    """

    branch: Annotated[str, Field(min_length=1)] = "main"
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]+$")] = "."
    python: Annotated[str, Field(pattern=r"^[0-9.]+$")] = "3.12"
    command: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = (
        "uv run --no-sync prefect --no-prompt deploy --all"
    )


class SharedSettings(Part):
    """What the repository has for all its environments.

    It belongs in the config of one stack: two that have the same name in it would
    overwrite each other.

    Attributes:
        variables: Variables, by name.
        secrets: Secrets, by name, each with a reference such as `${secrets.NAME}`.
        dependabot: Secrets that Dependabot's own runs see, which see no others.
    """

    variables: Annotated[dict[EntryName, _Text], _UNIQUE] = Field(default_factory=dict)
    secrets: Annotated[dict[EntryName, _Secret], _UNIQUE] = Field(default_factory=dict)
    dependabot: Annotated[dict[EntryName, _Secret], _UNIQUE] = Field(
        default_factory=dict
    )


class GithubSettings(Part):
    """What one repository of flows gets, so that its workflow can deploy.

    Attributes:
        repository: `owner/name`, which exists.
        environment: What the environment itself takes; see `Environment`. Its name is
            the stack's if not given. In tier `prod` only the workflow's branch deploys
            if not said otherwise, and `reviewers` must be said.
        service_account: Whose key is PREFECT_API_KEY; `ci` if not given, where the
            stack has one.
        variables: The environment's variables, by name; what the stack has of
            PREFECT_API_URL and MODAL_ENVIRONMENT is added, unless null stands here.
        secrets: Its secrets, by name, each with a reference such as
            `${secrets.NAME}`; what the stack has of PREFECT_API_KEY, MODAL_TOKEN_ID
            and MODAL_TOKEN_SECRET is added, unless null stands here.
        shared: What the repository has for all its environments.
        workflow: The environment's job in the repository's workflow.
    """

    repository: Repository
    environment: Annotated[
        Entry, EntryOf(EnvironmentArgs, "repository", optional=("name",))
    ] = Field(default_factory=dict)
    service_account: str | None = None
    variables: Annotated[dict[EntryName, _Text | None], _UNIQUE] = Field(
        default_factory=dict
    )
    secrets: Annotated[dict[EntryName, _Secret | None], _UNIQUE] = Field(
        default_factory=dict
    )
    shared: SharedSettings = SharedSettings()
    workflow: WorkflowSettings = WorkflowSettings()

    @model_validator(mode="after")
    def _names_its_environment(self) -> Self:
        if refers(self.environment.get("name")):
            raise ValueError(
                "has an environment whose name is a reference, which the workflow's "
                "file could not name; write the name out"
            )
        return self

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        twice = sorted(
            name
            for name, value in self.variables.items()
            if value is not None and self.secrets.get(name) is not None
        )
        if twice:
            raise ValueError(
                f"has {', '.join(twice)} as variable and as secret, but the workflow "
                f"gives both to one environment; remove one of the two"
            )
        return self
