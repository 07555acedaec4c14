"""One flow, for many times."""

from prefect import flow


@flow
def tick(word: str = "tick"):
    """Tell the time."""
