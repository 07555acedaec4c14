"""Flows whose decorators and signatures say much, and little."""

from datetime import date
from typing import Literal

from prefect import flow


@flow
def plain():
    pass


@flow(name="Customer report", description="Written for customers", version="7")
def report(
    day: date,
    kind: Literal["short", "long"] = "short",
    copies: int = 1,
    mail_to: list[str] | None = None,
) -> str:
    """Print a report.

    Args:
        day: The day it is about.
        kind: How much it tells.
        copies: How many.
        mail_to: Who gets it.
    """
    return f"{day}{kind}{copies}{mail_to}"
