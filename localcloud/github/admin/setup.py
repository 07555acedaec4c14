"""Accounts, repositories, tokens and Apps, made without a client.

Users, organizations and repositories that exist already are given back as they are, so
that a set-up can be run at each start.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from localcloud.github.errors import NotFoundError, UnprocessableError
from localcloud.github.store import accounts, apps, repositories, tokens
from localcloud.github.store.accounts import Account
from localcloud.github.store.database import Database
from localcloud.github.store.repositories import Repository

# First segments of the API's paths: an owner of that name could not be reached.
RESERVED = frozenset(
    [
        "_local",
        "api",
        "app",
        "apps",
        "installation",
        "meta",
        "orgs",
        "rate_limit",
        "repos",
        "repositories",
        "user",
        "users",
    ]
)
Login = Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$")
Permissions = dict[str, Literal["read", "write", "admin"]]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _User(_Asked):
    login: str = Login
    name: str | None = None
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")
    site_admin: bool = False


class _Organization(_Asked):
    login: str = Login
    name: str | None = None
    owner: str | None = None


class _Membership(_Asked):
    organization: str
    user: str
    role: Literal["admin", "member"] = "member"


class _Repository(_Asked):
    owner: str
    name: str
    private: bool = True


class _Collaborator(_Asked):
    repository: str
    user: str
    permission: Literal["pull", "triage", "push", "maintain", "admin"] = "push"


class _Token(_Asked):
    user: str
    permissions: Permissions | None = None
    repositories: list[str] | None = None
    expires_in: PositiveInt | None = None


class _App(_Asked):
    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    owner: str
    permissions: Permissions


class _Installation(_Asked):
    app: str
    account: str
    permissions: Permissions | None = None
    repositories: list[str] | None = None


def user(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Make a user, or give back the one of that login."""
    asked = _User.model_validate(given)
    return _account(
        accounts.by_login(db, _usable(asked.login))
        or accounts.create(
            db,
            asked.login,
            "User",
            name=asked.name,
            email=asked.email,
            site_admin=asked.site_admin,
        ),
        "User",
    )


def organization(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Make an organization, with a user as its owner if one is named."""
    asked = _Organization.model_validate(given)
    made = accounts.by_login(db, _usable(asked.login)) or accounts.create(
        db, asked.login, "Organization", name=asked.name
    )
    shown = _account(made, "Organization")
    if asked.owner:
        accounts.set_membership(db, made.id, _user(db, asked.owner).id, "admin")
    return shown


def membership(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Make a user a member or an owner of an organization."""
    asked = _Membership.model_validate(given)
    joined = _named(db, asked.organization)
    if joined.type != "Organization":
        raise UnprocessableError(f"{asked.organization} is no organization.")
    accounts.set_membership(db, joined.id, _user(db, asked.user).id, asked.role)
    return asked.model_dump()


def repository(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Make a repository, or give back the one of that name."""
    asked = _Repository.model_validate(given)
    owner = _named(db, asked.owner)
    found = repositories.by_name(db, owner.login, asked.name) or repositories.create(
        db, owner, asked.name, private=asked.private
    )
    return {"id": found.id, "full_name": found.full_name, "private": found.private}


def collaborator(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Give a user a role in a repository."""
    asked = _Collaborator.model_validate(given)
    shared = repository_named(db, asked.repository)
    added = _user(db, asked.user)
    repositories.set_collaborator(db, shared.id, added.id, asked.permission)
    return asked.model_dump()


def token(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Make a token: classic without permissions, fine-grained with."""
    asked = _Token.model_validate(given)
    fine = asked.permissions is not None or asked.repositories is not None
    secret = tokens.new_secret(tokens.FINE_GRAINED if fine else tokens.CLASSIC)
    expires_at = tokens.add(
        db,
        secret,
        user_id=_user(db, asked.user).id,
        permissions=asked.permissions,  # type: ignore[arg-type]  # str is wider
        repository_ids=_ids(db, asked.repositories),
        lifetime=asked.expires_in and dt.timedelta(seconds=asked.expires_in),  # type: ignore[arg-type]  # never 0
    )
    return {"token": secret, "expires_at": expires_at}


def app(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Register a GitHub App; its private key is shown once and not kept."""
    asked = _App.model_validate(given)
    if apps.by_slug(db, asked.slug):
        raise UnprocessableError(f"There is an App {asked.slug} already.")
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = apps.create(
        db,
        slug=asked.slug,
        name=asked.slug,
        owner_id=_named(db, asked.owner).id,
        public_key=private_key.public_key()
        .public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        .decode(),
        permissions=dict(asked.permissions),
    )
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return {"id": made.id, "client_id": made.client_id, "private_key": pem.decode()}


def installation(db: Database, given: dict[str, Any]) -> dict[str, Any]:
    """Install an App in an account, for all repositories or for those named."""
    asked = _Installation.model_validate(given)
    installed_app = apps.by_slug(db, asked.app)
    if installed_app is None:
        raise NotFoundError(f"There is no App {asked.app}.")
    account = _named(db, asked.account)
    if apps.installation_in(db, installed_app, account.id):
        raise UnprocessableError(f"{asked.app} is in {asked.account} already.")
    permissions = installed_app.permissions
    if asked.permissions is not None:
        permissions = dict(asked.permissions)
    made = apps.install(
        db, installed_app, account.id, permissions, _ids(db, asked.repositories)
    )
    return {"id": made.id, "permissions": permissions}


def repository_named(db: Database, full_name: str) -> Repository:
    """The repository `owner/name`."""
    owner, _, name = full_name.partition("/")
    found = repositories.by_name(db, owner, name)
    if found is None:
        raise NotFoundError(f"There is no repository {full_name}.")
    return found


def _ids(db: Database, full_names: list[str] | None) -> list[int] | None:
    if full_names is None:
        return None
    return [repository_named(db, full_name).id for full_name in full_names]


def _usable(login: str) -> str:
    if login.lower() in RESERVED:
        raise UnprocessableError(f"{login} is a word of the API's own paths.")
    return login


def _named(db: Database, login: str) -> Account:
    found = accounts.by_login(db, login)
    if found is None:
        raise NotFoundError(f"There is no account {login}.")
    return found


def _user(db: Database, login: str) -> Account:
    found = _named(db, login)
    if found.type != "User":
        raise UnprocessableError(f"{login} is no user.")
    return found


def _account(found: Account, wanted: str) -> dict[str, Any]:
    if found.type != wanted:
        raise UnprocessableError(f"{found.login} is taken by a {found.type}.")
    return {"id": found.id, "login": found.login, "type": found.type}
