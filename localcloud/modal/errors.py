"""The gRPC statuses that the `modal` client turns into its own exceptions.

`modal._grpc_client` maps NOT_FOUND, ALREADY_EXISTS, INVALID_ARGUMENT,
FAILED_PRECONDITION, PERMISSION_DENIED, UNAUTHENTICATED, RESOURCE_EXHAUSTED and
UNIMPLEMENTED one to one, and retries INTERNAL and UNKNOWN: a handler raises only
the former.
"""

from __future__ import annotations

from grpclib import GRPCError, Status


def not_found(message: str) -> GRPCError:
    """Name an object that does not exist, or that the caller may not know of."""
    return GRPCError(Status.NOT_FOUND, message)


def already_exists(message: str) -> GRPCError:
    """Name an object whose place is taken."""
    return GRPCError(Status.ALREADY_EXISTS, message)


def invalid(message: str) -> GRPCError:
    """Refuse an argument that can never be right."""
    return GRPCError(Status.INVALID_ARGUMENT, message)


def conflict(message: str) -> GRPCError:
    """Refuse a request that the present state does not allow."""
    return GRPCError(Status.FAILED_PRECONDITION, message)


def denied(message: str) -> GRPCError:
    """Refuse a caller who is known but not allowed."""
    return GRPCError(Status.PERMISSION_DENIED, message)


def unauthenticated(message: str) -> GRPCError:
    """Refuse a caller who is not known."""
    return GRPCError(Status.UNAUTHENTICATED, message)


def exhausted(message: str) -> GRPCError:
    """Refuse a request that would pass a documented limit."""
    return GRPCError(Status.RESOURCE_EXHAUSTED, message)


def unimplemented(message: str) -> GRPCError:
    """Say that the real service can do this, and this one cannot."""
    return GRPCError(Status.UNIMPLEMENTED, message)
