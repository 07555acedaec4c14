"""Prefect: one file a kind; importing this package registers them all."""

from .variable import Variable
from .workspace import Workspace

__all__ = ["Variable", "Workspace"]
