"""What an environment of a Modal workspace holds: a list call for each kind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ConfigurationError, NotFoundError
from components.modal.client import connect
from components.modal.dict import ModalDictKind
from components.modal.environment import ModalEnvironmentKind
from components.modal.queue import ModalQueueKind
from components.modal.secret import ModalSecretKind
from components.modal.settings import ModalSettings
from components.modal.volume import ModalVolumeKind

from .found import Found, entry_of

if TYPE_CHECKING:
    from components.kernel import Kind

    from .stack_file import StackFile

# In the order in which the settings have them.
_KINDS: Final[dict[str, Kind[Any, Any, Any]]] = {
    "secrets": ModalSecretKind(),
    "volumes": ModalVolumeKind(),
    "dicts": ModalDictKind(),
    "queues": ModalQueueKind(),
}
# What an entry's place says, and what is known of no object that is there.
_SAID: Final = ("environment_name", "name", "force_destroy")


def read(file: StackFile, environment: str | None) -> Found:
    """Describe an environment.

    Args:
        file: The stack's config, which may say where Modal is, and which environment.
        environment: Its name; the config's, or MODAL_ENVIRONMENT's, if not given.

    Raises:
        ConfigurationError: It is not said which.
        NotFoundError: The workspace has no such environment.
    """
    configured = ((file.get("modal") or {}).get("environment") or {}).get("name")
    name = environment or configured or os.environ.get("MODAL_ENVIRONMENT")
    if not name:
        raise ConfigurationError(
            "it is not said which environment of Modal; name it by --environment"
        )
    found = Found({}, [], [], {})
    _environment(file, name, found)
    api = connect(file, name)
    for group, kind in _KINDS.items():
        for wire in sorted(kind.list(api), key=lambda one: str(one["id"])):
            state = kind.parse(api, wire)
            if group == "secrets":
                entry: dict[str, Any] = {"values": dict.fromkeys(sorted(state.keys))}
                for key in entry["values"]:
                    of = f"{key} of modal secret {state.name}"
                    entry["values"][key] = found.needs(f"{state.name}-{key}", of)
            else:
                entry = entry_of(kind.args, state, _SAID)
            if found.add(ModalSettings, group, state.name, entry):
                found.ids[f"{kind.token.partition(':')[2]} {state.name}"] = state.id
    return found


def _environment(file: StackFile, name: str, found: Found) -> None:
    kind, api = ModalEnvironmentKind(), connect(file)
    for wire in kind.list(api):
        state = kind.parse(api, wire)
        if state.name == name:
            # Its suffix is Modal's unless somebody says otherwise; and what holds
            # something is taken over by its own leave only.
            entry = entry_of(kind.args, state, ("name", "force_destroy", "web_suffix"))
            found.settings["environment"] = {"name": name, "adopt": True, **entry}
            found.ids[f"Environment {name}"] = state.id
            return
    raise NotFoundError(
        f"the workspace has no environment '{name}' that the token may see; correct "
        f"--environment"
    )
