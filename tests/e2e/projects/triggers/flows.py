"""Flows that run when something happens."""

from prefect import flow


@flow
def react(source: str = ""):
    """React."""
