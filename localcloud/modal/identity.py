"""Identity tokens: how a function's container proves to others which function it is.

After https://modal.com/docs/guide/oidc-integration. They are signed as Modal's own, by
a key of this state folder; who is to trust them reads its public half, and all that
OpenID Connect wants known, below `<http_url>/oidc` in the place of the issuer.
"""

from __future__ import annotations

import time
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from localcloud.modal.store import Store

ISSUER: Final = "https://oidc.modal.com"
AUDIENCE: Final = "oidc.modal.com"
# That of the example in Modal's guide.
LIFETIME: Final = 48 * 3600
DISCOVERY: Final = "/oidc/.well-known/openid-configuration"
KEYS: Final = "/oidc/jwks"
_ALGORITHM: Final = "RS256"
# What the subject is made of, in this order.
_SUBJECT: Final = (
    *("workspace_id", "environment_name", "app_name", "function_name"),
    "container_id",
)


class Identity:
    """The issuer of one state folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _key(self) -> RSAKey:
        if not self._path.exists():
            fresh = self._path.with_suffix(".new")
            fresh.touch(mode=0o600)
            fresh.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
            fresh.replace(self._path)
        key = RSAKey.import_key(self._path.read_bytes())
        key.ensure_kid()
        return key

    def token(self, who: Mapping[str, str]) -> str:
        """Sign a token for a container.

        Args:
            who: What `whois` says of it.
        """
        now = int(time.time())
        claims = {
            "sub": "modal:" + ":".join(f"{name}:{who[name]}" for name in _SUBJECT),
            "aud": AUDIENCE,
            "iss": ISSUER,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": str(uuid.uuid4()),
            **who,
        }
        header = {"alg": _ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key)

    @property
    def keys(self) -> dict[str, Any]:
        """Return the public keys."""
        return {**KeySet([self._key]).as_dict(private=False)}

    def discovery(self, base: str) -> dict[str, Any]:
        """Return the discovery document.

        Args:
            base: The HTTP side's address.
        """
        return {
            "issuer": ISSUER,
            "jwks_uri": base + KEYS,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
        }


def whois(
    store: Store, function_id: str, function_name: str, container_id: str
) -> dict[str, str]:
    """Return what a token says of a container, by claim."""
    row = store.one(
        "SELECT workspace_id, environments.id AS environment_id, environments.name "
        "AS environment_name, apps.id AS app_id, apps.description AS app_name "
        "FROM objects JOIN environments ON environments.id = environment_id "
        "JOIN apps ON apps.id = objects.app_id WHERE objects.id=?",
        function_id,
    )
    if row is None:
        msg = "its app is not there any more"
        raise LookupError(msg)
    return {
        **dict(row),
        "function_id": function_id,
        "function_name": function_name,
        "container_id": container_id,
    }
