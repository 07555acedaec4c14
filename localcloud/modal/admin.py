"""Give an account more workspaces, members and tokens: what modal.com's pages are for.

Works on the state folder, whether or not the control plane runs. Every command prints
one JSON line; secrets of new tokens are shown this once.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from modal_proto import api_pb2

from localcloud.modal import accounts
from localcloud.modal.store import Store

ROLES = {
    "owner": api_pb2.MEMBER_ROLE_OWNER,
    "manager": api_pb2.MEMBER_ROLE_MANAGER,
    "member": api_pb2.MEMBER_ROLE_USER,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m localcloud.modal.admin", description=__doc__
    )
    parser.add_argument("--state-dir", type=Path, required=True)
    commands = parser.add_subparsers(required=True)
    workspace = commands.add_parser(
        "workspace", help="make a workspace, with its owner and the owner's token"
    )
    workspace.add_argument("name")
    workspace.add_argument("--owner", default="local-owner", help="user name")
    workspace.set_defaults(run=make_workspace)
    member = commands.add_parser(
        "member", help="make a user a member of a workspace, with a token"
    )
    member.add_argument("workspace")
    member.add_argument("name")
    member.add_argument("--role", choices=ROLES, default="member")
    member.set_defaults(run=make_member)
    return parser.parse_args(arguments)


def make_workspace(store: Store, options: argparse.Namespace) -> dict[str, Any]:
    """Make a workspace, or a new token for the owner of one that is there."""
    workspace = accounts.ensure_workspace(store, options.name, options.owner)
    user_id = accounts.ensure_member(
        store, workspace["id"], options.owner, api_pb2.MEMBER_ROLE_OWNER
    )
    return _token(store, workspace["id"], options.name, user_id)


def make_member(store: Store, options: argparse.Namespace) -> dict[str, Any]:
    """Make a user a member, in this role from now on."""
    workspace_id = store.value(
        "SELECT id FROM workspaces WHERE name=?", options.workspace
    )
    if workspace_id is None:
        msg = f"workspace '{options.workspace}' is not there: make it first"
        raise SystemExit(msg)
    user_id = accounts.ensure_member(
        store, workspace_id, options.name, ROLES[options.role]
    )
    return _token(store, workspace_id, options.workspace, user_id)


def _token(
    store: Store, workspace_id: str, workspace: str, user_id: str
) -> dict[str, Any]:
    token_id, secret = accounts.mint_token(store, workspace_id, user_id, "admin")
    return {
        "workspace": workspace,
        "workspace_id": workspace_id,
        "user_id": user_id,
        "token_id": token_id,
        "token_secret": secret,
    }


def main() -> None:
    """Run one command in one transaction."""
    options = parse()
    path = options.state_dir / "state.sqlite"
    if not path.exists():
        msg = f"{path} is not there: start the control plane once"
        raise SystemExit(msg)
    store = Store(path)
    with store.transaction():
        made = options.run(store, options)
    store.db.close()
    print(json.dumps(made))


if __name__ == "__main__":
    main()
