"""What other teams consume of a stack: the contract, and its reader in Python."""

from .contract import SCHEMA, Credentials, Outputs, json_schema
from .reader import OutputsError, PlatformOutputs, read

__all__ = [
    "SCHEMA",
    "Credentials",
    "Outputs",
    "OutputsError",
    "PlatformOutputs",
    "json_schema",
    "read",
]
