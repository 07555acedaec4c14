"""The smallest flow: what tutorial 001 deploys with an interval schedule."""

from prefect import flow


@flow(log_prints=True)
def hello_flow() -> None:
    """Say hello."""
    print("Hello, flow!")


if __name__ == "__main__":
    hello_flow()
