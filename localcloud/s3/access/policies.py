"""What one policy document says about one action.

After docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from localcloud.s3.access.conditions import filled, hold, like, texts

if TYPE_CHECKING:
    from localcloud.s3.access.conditions import Context
    from localcloud.s3.access.principals import Principal

Document = Mapping[str, Any]
# The owner mends a policy that locks everybody out, himself included.
ALWAYS_ROOTS = {"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}


class Effect(Enum):
    """What the statements that apply amount to."""

    NOTHING = 0
    DELEGATED = 1  # allowed to the account, which decides by its own policies
    ALLOWED = 2
    DENIED = 3


@dataclass(frozen=True)
class Act:
    """One action on one resource, and the circumstances."""

    action: str
    resource: str
    context: Context


def parse(text: str | bytes) -> Document:
    """Read a policy document that is known to be JSON."""
    document: Document = json.loads(text)
    return document


def statements(document: Document) -> list[Mapping[str, Any]]:
    """Return the statements; AWS takes a single one without a list."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else list(found)


def of_identity(documents: Iterable[Document], act: Act) -> Effect:
    """Judge by the policies that a user, group or role has."""
    effects = [
        Effect.ALLOWED if statement["Effect"] == "Allow" else Effect.DENIED
        for document in documents
        for statement in statements(document)
        if _applies(statement, act)
    ]
    return max(effects, key=lambda effect: effect.value, default=Effect.NOTHING)


def of_resource(document: Document, act: Act, principal: Principal) -> Effect:
    """Judge by a policy that a bucket, key or role has, which names principals."""
    effects = [Effect.NOTHING]
    for statement in statements(document):
        named = _names(statement, principal)
        if named is Effect.NOTHING or not _applies(statement, act):
            continue
        effects.append(Effect.DENIED if statement["Effect"] == "Deny" else named)
    return max(effects, key=lambda effect: effect.value)


def _names(statement: Mapping[str, Any], principal: Principal) -> Effect:
    """Tell how a statement names a principal: itself, by its account, or not."""
    if "NotPrincipal" in statement:
        is_named = _match(statement["NotPrincipal"], principal) is Effect.ALLOWED
        return Effect.NOTHING if is_named else Effect.ALLOWED
    return _match(statement.get("Principal", {}), principal)


def _match(named: Any, principal: Principal) -> Effect:
    if named == "*":
        return Effect.ALLOWED
    for kind, names in named.items():
        for name in texts(names):
            if kind == "AWS" and name in ("*", *principal.names):
                return Effect.ALLOWED
            if kind == "AWS" and principal.account and name in principal.account_names:
                return Effect.DELEGATED
            if kind == "Federated" and name == principal.provider:
                return Effect.ALLOWED
    return Effect.NOTHING


def _applies(statement: Mapping[str, Any], act: Act) -> bool:
    return (
        _covers(statement, "Action", act.action.lower(), act.context, fold=True)
        and _covers(statement, "Resource", act.resource, act.context)
        and hold(statement.get("Condition", {}), act.context)
    )


def _covers(
    statement: Mapping[str, Any],
    element: str,
    value: str,
    context: Context,
    *,
    fold: bool = False,
) -> bool:
    """Match `Action`, `NotAction`, `Resource` or `NotResource`.

    The trust policy of a role has no resource: it is the role's own.
    """
    for name, wanted in ((element, True), (f"Not{element}", False)):
        if name in statement:
            patterns = [filled(text, context) for text in texts(statement[name])]
            folded = [text.lower() if fold else text for text in patterns]
            return any(like(value, pattern) for pattern in folded) is wanted
    return element == "Resource"


def decide(principal: Principal, act: Act, resource_policy: Document | None) -> bool:
    """Tell whether an act is permitted, after AWS's order of evaluation."""
    granted = (
        of_resource(resource_policy, act, principal)
        if resource_policy
        else Effect.NOTHING
    )
    if principal.is_root:
        return granted is not Effect.DENIED or act.action in ALWAYS_ROOTS
    own = [of_identity(principal.identity, act)]
    limits = [of_identity(limit, act) for limit in principal.limits]
    if Effect.DENIED in (granted, *own, *limits):
        return False
    within = all(limit is Effect.ALLOWED for limit in limits)
    return within and Effect.ALLOWED in (granted, *own)
