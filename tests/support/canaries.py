"""Look for secrets where they must not be, in whatever way they may be written."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import pickle
import re
import zlib
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_GZIP = b"\x1f\x8b"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")


def forms(secret: str) -> set[bytes]:
    """Return what a secret looks like: raw, escaped, quoted, encoded, pickled."""
    raw = secret.encode()
    found = {
        raw,
        json.dumps(secret)[1:-1].encode(),
        json.dumps(json.dumps(secret))[3:-3].encode(),
        quote(secret, safe="").encode(),
        quote_plus(secret).encode(),
        raw.hex().encode(),
        secret.encode("utf-16-le"),
        pickle.dumps(secret, 0)[1:-4],
    }
    for shift in range(3):
        # Inside a longer text the letters depend on where it begins, at both ends.
        encoded = base64.b64encode(bytes(shift) + raw)
        whole = encoded[4 if shift else 0 : (len(encoded) - 4)]
        found |= {whole, whole.translate(bytes.maketrans(b"+/", b"-_"))}
    return {form for form in found if len(form) >= 8}


def spoken(places: Mapping[str, bytes], secrets: Mapping[str, str]) -> list[str]:
    """Name each place that tells a secret, and which; never the secret itself.

    Args:
        places: What was written, by where.
        secrets: What must not be in it, by name.
    """
    looked_for = {name: forms(secret) for name, secret in secrets.items()}
    return sorted(
        {
            f"{place} tells {name}"
            for place, text in places.items()
            for layer in _layers(text)
            for name, known in looked_for.items()
            if any(form in layer for form in known)
        }
    )


def files(folder: Path, pattern: str = "*") -> Iterator[tuple[str, bytes]]:
    """Yield every file below a folder, by its path there."""
    for path in sorted(folder.rglob(pattern)):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def texts(**given: str) -> dict[str, bytes]:
    """Return what commands printed, by what they are called."""
    return {name: text.encode() for name, text in given.items()}


def _layers(text: bytes) -> Iterable[bytes]:
    """Yield a text, and what is packed in it: gzip, base64, base64 of gzip."""
    yield text
    if text.startswith(_GZIP):
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield gzip.decompress(text)
    for found in _BASE64.finditer(text):
        with contextlib.suppress(ValueError):
            packed = base64.b64decode(found[0] + b"=" * (-len(found[0]) % 4))
            if packed.startswith(_GZIP):
                with contextlib.suppress(OSError, EOFError, zlib.error):
                    yield gzip.decompress(packed)
            else:
                yield packed
