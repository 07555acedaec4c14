"""What other teams consume of a stack: the contract, and its reader in Python."""

from .contract import SCHEMA, Credentials, Outputs, json_schema
from .errors import OutputsError
from .reader import PlatformOutputs, read, read_credentials

__all__ = [
    "SCHEMA",
    "Credentials",
    "Outputs",
    "OutputsError",
    "PlatformOutputs",
    "json_schema",
    "read",
    "read_credentials",
]
