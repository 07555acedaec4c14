"""Guardrails: a Pulumi policy pack for flowground's stacks; see docs/guardrails.md."""
