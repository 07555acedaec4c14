"""Choosing ports: fixed by default, free on request, and the same after a restart."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.services import Service

HOST = "127.0.0.1"


class PortError(Exception):
    """A port cannot be had, or was asked for in a form that nobody understands."""


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of the loopback now."""
    with socket.socket() as probe:
        # As the servers themselves do: a closed connection's rest does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def parse(text: str) -> tuple[str, int]:
    """Read `prefect=4200` or `modal.grpc=0` into a name and a port.

    Raises:
        PortError: The text has another form.
    """
    name, separator, number = text.partition("=")
    if not separator or not number.isdigit() or int(number) > 65535:
        raise PortError(
            f"The port {text!r} is not understood: write SERVICE=NUMBER or "
            f"SERVICE.PORT=NUMBER, with 0 for any free port."
        )
    return name, int(number)


def assign(
    service: Service, asked: Mapping[str, int], kept: Mapping[str, int]
) -> dict[str, int]:
    """Decide a service's ports.

    Args:
        service: The service, with its fixed defaults.
        asked: What the user asked for, by `service` (its first port) or `service.port`;
            0 stands for any free one.
        kept: The ports of the last run: a free port is chosen once, so that addresses
            survive a restart wherever nobody else took them in between.

    Raises:
        PortError: A fixed port is taken.
    """
    chosen: dict[str, int] = {}
    first = next(iter(service.ports))
    for name, default in service.ports.items():
        wanted = asked.get(f"{service.name}.{name}")
        if wanted is None and name == first:
            wanted = asked.get(service.name)
        if wanted is None:
            wanted = asked.get("*", default)
        if wanted == 0:
            again = kept.get(name, 0)
            taken = chosen.values()
            chosen[name] = (
                again if again and again not in taken and is_free(again) else _any()
            )
        elif is_free(wanted):
            chosen[name] = wanted
        else:
            raise PortError(
                f"Port {wanted} of {service.name} is taken by another program: end "
                f"that, or choose another with --port {service.name}.{name}=NUMBER "
                f"(0 for any free one)."
            )
    return chosen


def _any() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
