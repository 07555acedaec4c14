"""GitHub: one file a kind; importing this package registers them all."""

from .actions_secret import ActionsSecret
from .actions_variable import ActionsVariable
from .dependabot_secret import DependabotSecret
from .environment import Environment

__all__ = [
    "ActionsSecret",
    "ActionsVariable",
    "DependabotSecret",
    "Environment",
]
