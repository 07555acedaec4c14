"""The rules as a policy pack."""

from __future__ import annotations

import sys

import pulumi
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from .rule import Rule, StackRule, Thing, kind_of
from .rules import NAMES, RULES, STACK_RULES
from .stack import GuardrailsError, Stack
from .update import StateError, Update
from .wire import keep_seals


def serve() -> None:
    """Run the pack until the engine ends it."""
    keep_seals()
    try:
        stack = Stack.running(NAMES)
    except GuardrailsError as error:
        pulumi.log.error(str(error))
        sys.exit(1)
    policies = [
        *(_of_resource(rule, stack) for rule in RULES),
        *(_of_stack(rule, stack) for rule in STACK_RULES),
    ]
    PolicyPack(name="flowground", policies=policies)


def _update(args: StackValidationArgs) -> Update:
    things = (
        (one.urn, Thing(kind_of(one.resource_type), one.name, one.props))
        for one in args.resources
    )
    return Update(
        {urn: thing for urn, thing in things if thing.ours},
        renamed={alias for one in args.resources for alias in one.opts.aliases},
    )


def _level(rule: Rule | StackRule, stack: Stack) -> EnforcementLevel:
    return rule.levels[stack.tier]


def _of_resource(rule: Rule, stack: Stack) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        thing = Thing(
            kind_of(args.resource_type), args.name, args.props, args.opts.protect
        )
        if thing.ours and not stack.exempts(rule.name, thing.name):
            for message in rule.check(thing, stack):
                report(message, None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.description,
        enforcement_level=_level(rule, stack),
        validate=validate,
    )


def _of_stack(rule: StackRule, stack: Stack) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        # When an update ends, what would be stopped is done: its preview is asked.
        if not pulumi.runtime.is_dry_run():
            return
        try:
            for finding in rule.check(_update(args), stack):
                if not stack.exempts(rule.name, finding.name):
                    report(finding.message, finding.urn)
        except StateError as error:
            report(
                f"{error}, and so it cannot be told what would go; let the preview "
                f"read it, or leave the policy pack away",
                None,
            )

    return StackValidationPolicy(
        name=rule.name,
        description=rule.description,
        enforcement_level=_level(rule, stack),
        validate=validate,
    )
