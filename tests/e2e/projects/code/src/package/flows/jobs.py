"""A package's flows, by module and by path."""

from prefect import flow

SUFFIX = "job"


@flow(name="module-" + SUFFIX)
def job(count: int = 3):
    """Count.

    Args:
        count: To what.
    """
