"""What may be called how: the rules of `modal._utils.name_utils`, kept by the server.

The client checks names only where it creates, and only in the SDK; a raw call or an
older client reaches the server unchecked.
"""

from __future__ import annotations

import re

from localcloud.modal.errors import invalid

OBJECT_NAME = re.compile(r"[a-zA-Z0-9\-_.]{1,64}")
APP_ID = re.compile(r"ap-[a-zA-Z0-9]{22}")
ENVIRONMENT_NAME = re.compile(r"(?!en-)[a-zA-Z0-9][a-zA-Z0-9\-_]{0,63}", re.IGNORECASE)
SERVICE_USER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,63}")
SECRET_KEY = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
WEB_SUFFIX = re.compile(r"|[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?")


def check_object_name(name: str, what: str) -> str:
    """Return the name, or refuse it as `modal` does."""
    if not OBJECT_NAME.fullmatch(name) or APP_ID.fullmatch(name):
        msg = (
            f"Invalid {what} name: '{name}'. Names may contain only alphanumeric "
            "characters, dashes, periods, and underscores, must be at most 64 "
            "characters, and cannot conflict with App ID strings."
        )
        raise invalid(msg)
    return name


def check_environment_name(name: str) -> str:
    """Return the name of a new environment, or refuse it: no periods any more."""
    if not ENVIRONMENT_NAME.fullmatch(name):
        msg = (
            f"Invalid Environment name: '{name}'. Environment names must be 1-64 "
            "characters, can only start with alphanumeric characters, may contain only "
            "alphanumeric characters, dashes, and underscores, and cannot start with "
            "'en-'."
        )
        raise invalid(msg)
    return name


def check_service_user_name(name: str) -> str:
    """Return the name of a new service user, or refuse it."""
    if not SERVICE_USER_NAME.fullmatch(name):
        msg = (
            f"Invalid service user name: '{name}'. Names must be 1-64 characters: "
            "alphanumeric characters, dashes, and underscores."
        )
        raise invalid(msg)
    return name


def check_web_suffix(suffix: str) -> str:
    """Return an environment's part of web URLs, or refuse it; empty is allowed."""
    if not WEB_SUFFIX.fullmatch(suffix):
        msg = (
            f"Invalid web suffix: '{suffix}'. A suffix is part of a host name: lower "
            "case letters, digits and inner dashes."
        )
        raise invalid(msg)
    return suffix
