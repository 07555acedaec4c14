"""One flow, whose deployments are filled in."""

from typing import Any

from prefect import flow


@flow
def show(value: Any = None, text: str = ""):
    """Show a value."""
