"""A flow in an image that steps build."""

from prefect import flow


@flow
def packed(tag: str = ""):
    """Run in an image."""
