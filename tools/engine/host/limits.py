"""Limits that both ends of a connection with the engine must agree on."""

from __future__ import annotations

# As the engine's own: a stack's checkpoint or a policy pack's view of it can be large.
_MESSAGE_BYTES = 400 * 1024 * 1024

MESSAGE_OPTIONS = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
)
