"""The program itself, on a stack's config, as far as a preview comes without services.

The engine's side here does what the engine does first with every resource: it asks the
provider to check it, through the adapter that a provider process has, and stops the
program where the answer has failures.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import pulumi
import yaml
from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.config import set_all_config

from components.kernel.dynamic import Provider
from components.platform import Platform
from tests.fuzz.samples import every_kind
from tests.fuzz.sentences import must_be_clear
from tests.unit.kernel import program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
# What the stacks' own secrets are, where their files have them encrypted.
SECRET: Final = "canary-0123456789abcdef"
# One for each of fifty faults, one before them and one after.
MOST_LINES: Final = 52
_OURS: Final = "pulumi-python:dynamic/"
_KINDS: Final = every_kind()


class StoppedError(Exception):
    """The program ended early; of a provider's failures the text has a line each."""


class Engine(program.Engine):
    """An engine that has every resource checked."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        """Check what is declared, and make it if it is sound."""
        token = request.type.removeprefix(_OURS)
        if token in _KINDS:  # tasks are run, and have nothing to check
            _check(token, request.object)
        answer = super().RegisterResource(request)
        answer.id = str(uuid.uuid5(uuid.NAMESPACE_URL, request.name))
        return answer


def _check(token: str, sent: struct_pb2.Struct) -> None:
    props = rpc.deserialize_properties(sent, keep_unknowns=True)
    news = {key: _plain(value) for key, value in props.items()}
    failures = Provider(_KINDS[token]).check({}, news).failures
    if failures:
        raise StoppedError(
            "\n".join(f"{one.property}: {one.reason}" for one in failures)
        )


def _plain(value: Any) -> Any:
    """Take the seals off, as the engine does for a provider that knows none."""
    return rpc.unwrap_rpc_secret(value)


def config_of(stack: str) -> dict[str, Any]:
    """Return the config of a committed stack, as its file has it but for secrets."""
    read = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {
        key.removeprefix(f"{program.PROJECT}:"): SECRET
        if isinstance(value, dict) and [*value] == ["secure"]
        else value
        for key, value in read.items()
    }


def sent(config: Mapping[str, Any]) -> dict[str, str]:
    """Write a config as the engine hands it over: texts as they are, the rest as JSON.

    Raises:
        ValueError: The engine itself would refuse it: NaN, or half a character.
    """
    texts = {}
    for key, value in config.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value, allow_nan=False)
        text.encode()
        texts[key] = text
    return texts


def preview(config: Mapping[str, str], secret_keys: Sequence[str] = ()) -> str:
    """Run the program, and return what it or a provider tells; nothing if all is well.

    Args:
        config: As the engine hands it over.
        secret_keys: Its keys that hold something encrypted.
    """
    said: list[str] = []

    def declare() -> dict[str, Any]:
        full = {f"{program.PROJECT}:{key}": value for key, value in config.items()}
        secrets = [f"{program.PROJECT}:{key}" for key in secret_keys]
        set_all_config(full, secrets)
        try:
            made = Platform.from_config()
        except SystemExit:
            assert said, "the program ends without a word"
            raise StoppedError from None
        return {"flowground": made.outputs, "credentials": made.credentials}

    with mock.patch("pulumi.log.error", said.append):
        try:
            program.run(declare, preview=True, sort=Engine)
        except (StoppedError, pulumi.RunError) as error:
            said += [str(error)] if str(error) else []
    return "\n".join(said)


def is_told_or_sound(config: Mapping[str, Any], secret_keys: Sequence[str] = ()) -> str:
    """See that a config is taken, or told in words, with none of its secrets.

    Args:
        config: As the stack's file says it.
        secret_keys: Its keys that hold something encrypted.

    Returns:
        What was told; nothing if it was taken.
    """
    try:
        texts = sent(config)
    except (ValueError, RecursionError):
        return ""  # the engine itself would not take it
    told = preview(texts, secret_keys)
    if told:
        must_be_clear(told, lines=MOST_LINES)
        assert SECRET not in told
    return told
