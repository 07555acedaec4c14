"""Prefect: one file a kind; importing this package registers them all."""

from .variable import Variable

__all__ = ["Variable"]
