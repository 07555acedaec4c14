"""What a repository's environment on GitHub holds, and the repository for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.github.actions_secret import ActionsSecretKind
from components.github.actions_variable import ActionsVariableKind
from components.github.client import connect
from components.github.dependabot_secret import DependabotSecretKind
from components.github.environment import EnvironmentKind
from components.github.place import Place
from components.github.settings import GithubSettings
from components.kernel import ConfigurationError

from .found import Found, entry_of

if TYPE_CHECKING:
    from components.kernel import Kind

    from .stack_file import StackFile


def read(
    file: StackFile,
    repository: str | None,
    environment: str | None,
    *,
    shared: bool,
) -> Found:
    """Describe what a repository has of one environment.

    Args:
        file: The stack's config, which may say where GitHub is, and which repository.
        repository: `owner/name`; the config's if not given.
        environment: Its name; the config's, or the stack's, if not given. One that
            is not there yet holds nothing.
        shared: Whether to describe too what the repository has for all environments,
            which belongs in one stack's config.

    Raises:
        ConfigurationError: It is not said which repository.
    """
    configured = file.get("github") or {}
    repository = (repository or configured.get("repository") or "").lower()
    if not repository:
        raise ConfigurationError(
            "it is not said which repository; name it by --repository owner/name"
        )
    own = (configured.get("environment") or {}).get("name")
    name = environment or own or file.stack
    found = Found({"repository": repository}, [], [], {})
    place = Place(repository=repository)
    api, kind = connect(file, place), EnvironmentKind()
    there = [kind.parse(api, wire) for wire in kind.list(api) if wire["name"] == name]
    for state in there:
        entry = entry_of(kind.args, state, ("repository", "name"))
        found.settings["environment"] = {"name": name, **entry}
        found.ids[f"Environment {name}"] = state.id
        inside = Place(repository=repository, environment=name)
        _each(file, inside, "", f"{name}-", found)
    if shared:
        _each(file, place, "shared.", "", found)
    return found


def _each(file: StackFile, place: Place, group: str, prefix: str, found: Found) -> None:
    """Add the variables of a place, and its secrets by name."""
    api = connect(file, place)
    kinds: list[tuple[str, Kind[Any, Any, Any]]] = [
        ("variables", ActionsVariableKind()),
        ("secrets", ActionsSecretKind()),
    ]
    if place.environment is None:
        kinds.append(("dependabot", DependabotSecretKind()))
    for what, kind in kinds:
        for wire in kind.list(api):
            state = kind.parse(api, wire)
            of = f"{what} {state.name} of {place}"
            value = (
                state.value
                if what == "variables"
                else found.needs(f"{prefix}{what}-{state.name}", of)
            )
            if found.add(GithubSettings, f"{group}{what}", state.name, value):
                key = f"{kind.token.partition(':')[2]} {state.name} of {place}"
                found.ids[key] = state.id
