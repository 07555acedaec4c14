"""A live workspace, read whole and written as the settings that describe it."""

from .describe import Described, describe
from .live import KINDS, LeftOut, Live, Selection, read
from .secrets import NeededSecret

__all__ = [
    "KINDS",
    "Described",
    "LeftOut",
    "Live",
    "NeededSecret",
    "Selection",
    "describe",
    "read",
]
