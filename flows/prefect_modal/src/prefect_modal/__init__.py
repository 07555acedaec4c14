"""Flows that run on Modal."""
