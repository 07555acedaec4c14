"""The page on which a person approves a token, in the place of modal.com's login."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from aiohttp import web
from grpclib import GRPCError

from localcloud.modal import token_flow

if TYPE_CHECKING:
    import sqlite3

    from aiohttp.typedefs import Handler

    from localcloud.modal.plane import Plane

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Local Modal: approve a token</title>
<style>body{{font:16px sans-serif;max-width:34em;margin:4em auto}}</style>
<h1>{title}</h1>{body}</html>"""

FORM = """<p>A client on this machine asks for a token. It shows this code:
<strong>{code}</strong></p>
<form method="post"><label>Workspace <select name="workspace">{options}</select></label>
<button>Approve</button></form>"""


def show(plane: Plane) -> Handler:
    """Ask the person, or say that it is done."""

    async def handle(request: web.Request) -> web.Response:
        row = _flow(plane, request)
        if row["token_id"]:
            return _done(row)
        names = plane.store.all("SELECT name FROM workspaces ORDER BY created_at")
        options = "".join(f"<option>{html.escape(name[0])}</option>" for name in names)
        form = FORM.format(code=html.escape(row["code"]), options=options)
        return _page("Approve a token", form)

    return handle


def approve(plane: Plane) -> Handler:
    """Take the person's answer."""

    async def handle(request: web.Request) -> web.Response:
        row = _flow(plane, request)
        workspace = str((await request.post()).get("workspace", ""))
        try:
            token_flow.approve(plane, row["id"], workspace)
        except GRPCError as error:
            raise web.HTTPBadRequest(text=str(error.message)) from None
        return _done(_flow(plane, request))

    return handle


def _flow(plane: Plane, request: web.Request) -> sqlite3.Row:
    try:
        return token_flow.flow(plane, request.match_info["flow"])
    except GRPCError as error:
        raise web.HTTPNotFound(text=str(error.message)) from None


def _done(row: sqlite3.Row) -> web.Response:
    workspace = html.escape(row["workspace_name"])
    text = f"<p>The client has a token of the workspace <strong>{workspace}</strong>."
    return _page("Approved", text + " You can close this page.</p>")


def _page(title: str, body: str) -> web.Response:
    text = PAGE.format(title=title, body=body)
    return web.Response(text=text, content_type="text/html")
