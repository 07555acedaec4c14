"""A stack's `Pulumi.<stack>.yaml`, to be added to.

What is written has to mean the same to Pulumi's YAML, which is Go's, as to Python's:
any text that either could take for a number, a date or a truth value stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from components.kernel import ConfigurationError
from components.kernel.parsing import read_yaml

_PLAIN: Final = re.compile(r"[A-Za-z_/$]([A-Za-z0-9_ ./@$-]|:(?=[A-Za-z_/]))*(?<! )")
_WORDS: Final = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
)


class StackFile:
    """The config of one stack, as its file has it.

    Attributes:
        stack: The stack's own name, without its organization and project.
        path: The file.
        project: The project's name, which is what its keys begin with.
    """

    def __init__(self, folder: Path, stack: str) -> None:
        """Read the file, if it is there.

        Raises:
            ConfigurationError: The folder has no project, or the file is no YAML.
        """
        self.stack = stack.rpartition("/")[2]
        self.path = folder / f"Pulumi.{self.stack}.yaml"
        project = _mapping(folder / "Pulumi.yaml")
        if "name" not in project:
            raise ConfigurationError(
                f"there is no Pulumi project in {folder}; run this where its "
                f"Pulumi.yaml is"
            )
        self.project = str(project["name"])
        self._content = _mapping(self.path)
        if not isinstance(self._content.get("config") or {}, Mapping):
            raise ConfigurationError(
                f"{self.path} has a `config` that is no mapping; correct it"
            )

    def get(self, key: str) -> Any:
        """Return a value of the project's own config; None for a secret."""
        value = self._config.get(f"{self.project}:{key}")
        encrypted = isinstance(value, Mapping) and [*value] == ["secure"]
        return None if encrypted else value

    @property
    def _config(self) -> Mapping[str, Any]:
        return self._content.get("config") or {}

    def text(self, comments: Iterable[str], **values: Any) -> str:
        """Write the file with other values for some of the project's keys."""
        changed = {f"{self.project}:{key}": value for key, value in values.items()}
        content = {**self._content, "config": {**self._config, **changed}}
        noted = "".join(f"# {line}".rstrip() + "\n" for line in comments)
        return noted + yaml.dump(
            content,
            Dumper=Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=2**31,
        )


def _mapping(file: Path) -> dict[str, Any]:
    try:
        read = read_yaml(file)
    except FileNotFoundError:
        return {}
    if not isinstance(read or {}, dict):
        raise ConfigurationError(f"{file} is not a mapping; correct it")
    return dict(read or {})


class Dumper(yaml.SafeDumper):
    """Writes text so that any YAML reads it as that text."""

    def ignore_aliases(self, data: object) -> bool:
        """Write what occurs twice in full: a config is for people."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style: str | None = '"'
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        style = None
    elif "\n" in value and all(map(str.isprintable, value.split("\n"))):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


Dumper.add_representer(str, _text)
