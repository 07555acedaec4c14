"""What the pack knows of the stack: its tier, and what it is exempted from.

A stack's config may say, under `guardrails`:

    limit: {deletions: 20, replacements: 5}
    owned: ["s3:Bucket", "prefect:Deployment"]
    exempt:
      pinned-code:
        hello/hello-flow/*: the release branch is checked by hand

An exemption names a rule and a resource (`*` matches anything), and gives the reason.
For one run, `FLOWGROUND_EXEMPT=RULE:RESOURCE[,…]`, `FLOWGROUND_MAX_DELETIONS` and
`FLOWGROUND_MAX_REPLACEMENTS` say the same in the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Self

import pulumi
from pydantic import BaseModel, ConfigDict, Field, ValidationError

TIERS: Final = ("dev", "staging", "prod")
# What holds structure, and no secret: those have keys of their own.
STRUCTURED: Final = ("s3", "modal", "prefect", "github")

Reason = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]


class GuardrailsError(Exception):
    """The stack's guardrails cannot be read; the message says what to correct."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(_Model):
    """How much one update may take away.

    Attributes:
        deletions: So many objects it may delete.
        replacements: So many it may delete and make anew.
    """

    deletions: Count = 5
    replacements: Count = 5


class Guardrails(_Model):
    """The config key `guardrails`.

    Attributes:
        limit: How much one update may take away.
        owned: The kinds that must say who owns them.
        key_days: How old a key that does not expire may get.
        exempt: By rule, by resource: why it need not be obeyed.
    """

    limit: Limit = Limit()
    owned: frozenset[str] = frozenset({"s3:Bucket"})
    key_days: Annotated[int, Field(gt=0)] = 365
    exempt: dict[str, dict[str, Reason]] = Field(default_factory=dict)


class Stack(_Model):
    """One stack, as the rules see it.

    Attributes:
        tier: `dev`, `staging` or `prod`; the strictest where the config says nothing.
        guardrails: Its exemptions and limits.
        config: What of its config holds structure, by key.
        exempt_now: The exemptions of this run: rule and resource.
    """

    tier: str = "prod"
    guardrails: Guardrails = Guardrails()
    config: dict[str, Any] = Field(default_factory=dict)
    exempt_now: tuple[tuple[str, str], ...] = ()

    def exempts(self, rule: str, resource: str) -> bool:
        """Tell whether a resource need not obey a rule."""
        patterns = [
            *self.guardrails.exempt.get(rule, {}),
            *(pattern for name, pattern in self.exempt_now if name == rule),
        ]
        return any(fnmatchcase(resource, pattern) for pattern in patterns)

    @classmethod
    def running(cls, rules: Collection[str]) -> Self:
        """Read the running stack's.

        Args:
            rules: The names of all rules.

        Raises:
            GuardrailsError: What it says of guardrails is not valid.
        """
        config = pulumi.Config()
        texts = {
            key: pulumi.runtime.get_config(config.full_key(key)) for key in STRUCTURED
        }
        tier = config.get("tier")
        given = pulumi.runtime.get_config(config.full_key("guardrails"))
        return cls(
            tier=tier if tier in TIERS else "prod",
            guardrails=read_guardrails(given, os.environ, rules),
            config={key: _parsed(text) for key, text in texts.items() if text},
            exempt_now=read_exemptions(os.environ, rules),
        )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the program says what is wrong with it
        return None


def read_guardrails(
    text: str | None, variables: Mapping[str, str], rules: Collection[str]
) -> Guardrails:
    """Read the config key `guardrails`, and the variables that go over it.

    Raises:
        GuardrailsError: It is not valid.
    """
    try:
        given = json.loads(text or "{}")
        limit = dict(given.get("limit", {}))
        for name in Limit.model_fields:
            if counted := variables.get(f"FLOWGROUND_MAX_{name.upper()}"):
                limit[name] = counted
        read = Guardrails.model_validate({**given, "limit": limit})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(_key, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        raise GuardrailsError(
            f"the config key `guardrails` is not valid; correct it: {wrong}"
        ) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise GuardrailsError(
            "the config key `guardrails` is no mapping of mappings; write it as "
            "docs/guardrails.md has it"
        ) from None
    _known(read.exempt, rules)
    return read


def read_exemptions(
    variables: Mapping[str, str], rules: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Read FLOWGROUND_EXEMPT.

    Raises:
        GuardrailsError: It names no rule, or no resource.
    """
    items = filter(None, variables.get("FLOWGROUND_EXEMPT", "").split(","))
    found = []
    for item in items:
        rule, _, resource = item.strip().partition(":")
        if not resource:
            raise GuardrailsError(
                f"FLOWGROUND_EXEMPT has {item!r}; write each as RULE:RESOURCE"
            )
        found.append((rule, resource))
    _known({rule for rule, _ in found}, rules)
    return tuple(found)


def _key(part: str | int) -> str:
    """Write a step of a path in one line, whatever somebody took for a key."""
    return str(part) if str(part).isprintable() else repr(part)


def _known(named: Collection[str], rules: Collection[str]) -> None:
    for rule in named:
        if rule not in rules:
            raise GuardrailsError(
                f"there is no rule {rule!r} to be exempted from; take one of "
                f"{', '.join(sorted(rules))}"
            )
