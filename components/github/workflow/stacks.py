"""What the stacks' config files say of the repositories that they deliver to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from components.github.entries import entries
from components.github.settings import GithubSettings
from components.kernel import ConfigurationError
from components.kernel.check import failures_of, listed
from components.kernel.parsing import read_yaml

from .render import Job

# Stacks of other tiers come last.
_TIERS: Final = ("dev", "staging", "prod")


class _Stack(NamedTuple):
    name: str
    config: Mapping[str, Any]
    settings: GithubSettings

    @property
    def job(self) -> Job:
        environment = self.settings.environment.get("name", self.name)
        held = entries(self.settings, self._has)
        return Job(self.name, environment, held, self.settings.workflow)

    @property
    def place(self) -> tuple[int, str]:
        """Where its job stands among the others."""
        tier = self.config.get("tier")
        return _TIERS.index(tier) if tier in _TIERS else len(_TIERS), self.name

    def _has(self, group: str, name: str) -> bool:
        """Tell what `up` will find, by the parts of the config that make it."""
        match group, name:
            case "service_account_keys", _:
                return name in (self._part("prefect").get("service_accounts") or {})
            case "modal", "token_id" | "token_secret":
                held = (self._part("modal").get(k) for k in ("service_user", "token"))
                return any(one is not None for one in held)
            case _:
                return self.config.get(group) is not None

    def _part(self, key: str) -> Mapping[str, Any]:
        return self.config.get(key) or {}


def jobs_of(
    folder: Path, names: Collection[str] = (), repository: str | None = None
) -> list[Job]:
    """Return a repository's jobs, in the order of the tiers.

    Args:
        folder: Where Pulumi.yaml and the stacks' files are.
        names: The stacks whose deliveries count; all that there are if not given.
        repository: The repository `owner/name`; may be left out if there is only one.

    Raises:
        ConfigurationError: There is nothing to deliver, or it does not fit together.
    """
    project = _mapping(folder / "Pulumi.yaml").get("name")
    if project is None:
        raise ConfigurationError(
            f"there is no Pulumi project in {folder}; run this where its Pulumi.yaml is"
        )
    found = _stacks(folder, str(project), names)
    wanted = [
        stack
        for stack in sorted(found, key=lambda stack: stack.place)
        if stack.settings.repository == (repository or stack.settings.repository)
    ]
    repositories = sorted({stack.settings.repository for stack in wanted})
    if len(repositories) > 1:
        raise ConfigurationError(
            f"the stacks deliver to {', '.join(repositories)}; choose one by "
            f"--repository"
        )
    if not wanted:
        where = "anything" if repository is None else f"to {repository}"
        raise ConfigurationError(
            f"no stack in {folder} delivers {where}; set {project}:github in a "
            f"stack's config"
        )
    return _fitting([stack.job for stack in wanted])


def _fitting(jobs: list[Job]) -> list[Job]:
    """Refuse what cannot be one workflow."""
    branches = {job.stack: job.settings.branch for job in jobs}
    if len(set(branches.values())) > 1:
        said = ", ".join(f"'{branch}' ({name})" for name, branch in branches.items())
        raise ConfigurationError(
            f"the stacks deploy from the branches {said}; a workflow has one: set the "
            f"same github.workflow.branch, or choose stacks by --stack"
        )
    for what, values in {
        "environment": [job.environment.casefold() for job in jobs],
        "job": [job.id for job in jobs],
    }.items():
        twice = sorted({one for one in values if values.count(one) > 1})
        if twice:
            raise ConfigurationError(
                f"two stacks have the {what} '{twice[0]}'; give each one of its own, "
                f"or choose stacks by --stack"
            )
    return jobs


def _stacks(folder: Path, project: str, names: Collection[str]) -> Iterable[_Stack]:
    there = {
        path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path
        for path in sorted(folder.glob("Pulumi.*.yaml"))
    }
    missing = sorted(set(names) - there.keys())
    if missing:
        raise ConfigurationError(
            f"there is no Pulumi.{missing[0]}.yaml in {folder}; correct --stack"
        )
    for name in names or there:
        said = _mapping(there[name]).get("config") or {}
        if not isinstance(said, Mapping):
            raise ConfigurationError(
                f"{there[name].name} has a `config` that is no mapping; correct it"
            )
        config = {
            str(key).removeprefix(f"{project}:"): value for key, value in said.items()
        }
        if config.get("github") is not None:
            yield _Stack(name, config, _settings(name, project, config["github"]))


def _settings(name: str, project: str, given: Any) -> GithubSettings:
    try:
        return GithubSettings.model_validate(given)
    except ValidationError as error:
        props = given if isinstance(given, Mapping) else {}
        faults = listed(failures_of(error, props), f"{project}:github.")
        raise ConfigurationError(
            "\n".join([f"the config of stack {name} is not valid:", *faults])
        ) from None


def _mapping(path: Path) -> Mapping[str, Any]:
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        return {}
    return content if isinstance(content, Mapping) else {}
