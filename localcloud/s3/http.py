"""Requests and answers as plain values, between the network and moto's WSGI apps."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire; header names are in lower case."""

    method: str
    raw_path: str
    query_string: str
    headers: Headers
    body: bytes
    is_secure: bool
    source_ip: str

    def header(self, name: str) -> str:
        """Return a header's value; several of one name are joined by commas."""
        return ",".join(value for key, value in self.headers if key == name)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query, the first of each name."""
        return dict(reversed(self.query_pairs))

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        """All parameters of the query, decoded; a plus sign is no space to AWS."""
        parts = (part.partition("=") for part in self.query_string.split("&") if part)
        return [(unquote(name), unquote(value)) for name, _, value in parts]

    def environ(self) -> dict[str, Any]:
        """Return the request as WSGI has it."""
        host, _, port = self.header("host").partition(":")
        uri = f"{self.raw_path}?{self.query_string}".removesuffix("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(self.raw_path).decode("latin-1"),
            "QUERY_STRING": self.query_string,
            "RAW_URI": uri,
            "REQUEST_URI": uri,
            "REMOTE_ADDR": self.source_ip,
            "SERVER_NAME": host,
            "SERVER_PORT": port or ("443" if self.is_secure else "80"),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self.is_secure else "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        spelled = environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {}
        for name in dict.fromkeys(name for name, _ in self.headers):
            key = environ_key_for_header(name)
            if key == "CONTENT_LENGTH":
                continue
            if "_" in name:
                # WSGI cannot tell it from a dash; S3 can, in the names of metadata.
                if not should_preserve_original_header_name(name):
                    continue
                spelled[key] = name
            environ[key] = self.header(name)
        return environ


@dataclass
class Answer:
    """What is sent back."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def call(application: Any, request: Request) -> Answer:
    """Let a WSGI application answer a request."""
    answer = Answer(500)

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Any:
        del exc_info
        answer.status, answer.headers = int(status.partition(" ")[0]), headers

    parts: Iterable[bytes] = application(request.environ(), start_response)
    try:
        answer.body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return answer
