"""No credential is written where it can be read.

A text is taken for one if it has the form of a known service's key, if it is what a
setting is called a password or a token for, or if it is as random as only a key is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from policy.rule import EVERYWHERE, Finding, Rule, StackRule, Thing
from policy.stack import Stack
from policy.update import Update
from policy.values import Leaf, leaves

# By how the services write them; what stands before must not be part of a word.
_FORMS: Final = {
    "a Prefect API key": r"pn[ub]_[A-Za-z0-9]{16,}",
    "a Modal token's secret": r"as-[A-Za-z0-9]{16,}",
    "a GitHub token": r"(gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})",
    "an AWS key": r"(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "a GitLab token": r"glpat-[A-Za-z0-9_-]{16,}",
    "a Slack token": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a signed token": r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "a password in an address": r"[a-z][a-z0-9+.-]*://[^\s/:@{]*:[^\s/@{]+@",
}
_PATTERNS: Final = {
    what: re.compile(rf"(?<![A-Za-z0-9]){form}") for what, form in _FORMS.items()
}
# Half of a pair is no credential, where it is called what it is.
_IDENTIFIER: Final = re.compile(r"key_?id$", re.IGNORECASE)
_SECRET_NAME: Final = re.compile(
    r"(^|[_-])(password|passwd|secret|token|api_?key|access_?key|private_?key)$",
    re.IGNORECASE,
)
# What stands for a value that is filled in later.
_REFERENCE: Final = re.compile(r"\$?\{.*\}", re.DOTALL)
# Random enough, and long enough, for no word; below this are names in CamelCase.
_RANDOM_BITS: Final = 4.2
_RUN: Final = re.compile(r"[A-Za-z0-9_+-]{32,}")
# These show their value to everybody, whatever state does.
_SHOWN: Final = frozenset({"prefect:Variable", "github:ActionsVariable"})


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield where a thing has a credential in plain sight."""
    shown = thing.kind in _SHOWN and not _IDENTIFIER.search(thing.name)
    for leaf in leaves(thing.inputs):
        if shown and (what := _form_of(leaf.text)):
            yield (
                f"{thing.kind} '{thing.name}' shows {what} to whoever may read "
                "variables; make it a secret"
            )
        elif not leaf.sealed and (what := _taken_for(leaf, thing.name)):
            yield (
                f"{leaf.path} of '{thing.name}' looks like {what}, in plain sight; "
                "set it with `pulumi config set --secret NAME`, and refer to it as "
                "${secrets.NAME}"
            )


def check_config(_: Update, stack: Stack) -> Iterator[Finding]:
    """Yield where the stack's config has a credential in plain sight."""
    for key, value in stack.config.items():
        for leaf in leaves(value, key):
            if what := _taken_for(leaf):
                yield Finding(
                    leaf.path,
                    f"the config's {leaf.path} looks like {what}, in plain sight; "
                    "set it with `pulumi config set --secret NAME`, refer to it as "
                    "${secrets.NAME}, and take this one back: it is in git's history",
                )


def _taken_for(leaf: Leaf, name: str = "") -> str | None:
    text = leaf.text.strip()
    # A variable is called by its resource, and what it holds is called `value`.
    called = name if leaf.path == "value" else leaf.key
    if not text or _IDENTIFIER.search(called):
        return None
    if form := _form_of(text):
        return form
    if _REFERENCE.search(text):
        return None
    if _SECRET_NAME.search(called):
        return f"the value of a {called}"
    if any(_is_random(run) for run in _RUN.findall(text)):
        return "a key"
    return None


def _form_of(text: str) -> str | None:
    return next((what for what, form in _PATTERNS.items() if form.search(text)), None)


def _is_random(run: str) -> bool:
    """Tell random letters and digits from words, paths and digests."""
    kinds = (str.islower, str.isupper, str.isdigit)
    if not all(any(kind(sign) for sign in run) for kind in kinds):
        return False
    counts = Counter(run).values()
    bits = -sum(n / len(run) * math.log2(n / len(run)) for n in counts)
    return bits > _RANDOM_BITS


RULE = Rule(
    name="plain-credentials",
    description="Credentials are never written in plain.",
    levels=EVERYWHERE,
    check=check,
)
OF_CONFIG = StackRule(
    name="plain-credentials-in-config",
    description="Credentials in a stack's config are encrypted.",
    levels=EVERYWHERE,
    check=check_config,
)
