"""Who asks: nobody, a user by token, an installation by token, or an App by JWT."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import extract_compact

from localcloud.github.errors import UnauthenticatedError
from localcloud.github.store import accounts, apps, tokens
from localcloud.github.store.accounts import Account
from localcloud.github.store.apps import App, Installation
from localcloud.github.store.database import Database
from localcloud.github.store.tokens import Token

# GitHub refuses a JWT that claims to live longer than ten minutes; a minute is granted
# for clocks that differ.
JWT_LIFETIME_SECONDS = 600
CLOCK_DRIFT_SECONDS = 60
UNDECODABLE = "A JSON web token could not be decoded"


@dataclass(frozen=True)
class Actor:
    """Who asks. Exactly one of user, installation and app is set, or none."""

    user: Account | None = None
    installation: Installation | None = None
    app: App | None = None
    token: Token | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody is logged in."""
        return not (self.user or self.installation or self.app)

    @property
    def bucket(self) -> str:
        """Whose rate limit a request counts against."""
        if self.user:
            return f"user ID {self.user.id}"
        if self.installation:
            return f"installation ID {self.installation.id}"
        if self.app:
            return f"app ID {self.app.id}"
        return "127.0.0.1"

    @property
    def kind(self) -> str:
        """What GitHub calls the credential in its refusals."""
        return "integration" if self.installation else "personal access token"


def authenticate(db: Database, authorization: str | None) -> Actor:
    """Tell who asks from the Authorization header.

    Accepted are `Bearer` and `token` with a token or an App's JWT, and `Basic` with the
    token as the password (git) or as the user name (curl -u TOKEN:).
    """
    if not authorization:
        return Actor()
    scheme, _, credential = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            secret = credential.strip()
            return _by_jwt(db, secret) if secret.count(".") == 2 else _by(db, secret)
        case "basic":
            user, password = _basic(credential)
            return _by(db, user if password in {"", "x-oauth-basic"} else password)
    raise UnauthenticatedError("Bad credentials")


def _basic(credential: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(credential, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise UnauthenticatedError("Bad credentials") from None
    user, _, password = decoded.partition(":")
    return user, password


def _by(db: Database, secret: str) -> Actor:
    token = tokens.find(db, secret)
    if token is None:
        raise UnauthenticatedError("Bad credentials")
    if token.user_id is not None:
        return Actor(user=accounts.by_id(db, token.user_id), token=token)
    if token.installation_id is not None:
        installed = apps.installation(db, token.installation_id)
        return Actor(installation=installed, token=token)
    raise UnauthenticatedError("Bad credentials")


def _by_jwt(db: Database, text: str) -> Actor:
    try:
        claims = _unverified(text)
        app = apps.by_issuer(db, str(claims.get("iss")))
        if app is None:
            raise UnauthenticatedError("Integration not found")
        key = RSAKey.import_key(app.public_key)
        jwt.decode(text, key, algorithms=["RS256"])
    except (JoseError, ValueError):
        raise UnauthenticatedError(UNDECODABLE) from None
    _check_times(claims)
    return Actor(app=app)


def _unverified(text: str) -> dict[str, object]:
    claims = json.loads(extract_compact(text.encode()).payload)
    if not isinstance(claims, dict):
        raise UnauthenticatedError(UNDECODABLE)
    return claims


def _check_times(claims: dict[str, object]) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or issued > now + CLOCK_DRIFT_SECONDS:
        raise UnauthenticatedError(
            "'Issued at' claim ('iat') must be an Integer representing the time that "
            "the assertion was issued"
        )
    if not isinstance(expires, int | float) or expires <= now:
        raise UnauthenticatedError(
            "'Expiration time' claim ('exp') must be a numeric value representing the "
            "future time at which the assertion expires"
        )
    if expires > now + JWT_LIFETIME_SECONDS + CLOCK_DRIFT_SECONDS:
        raise UnauthenticatedError(
            "'Expiration time' claim ('exp') is too far in the future"
        )
