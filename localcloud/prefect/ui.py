"""The Prefect UI of each workspace, at Prefect Cloud's address for it.

`{front}/account/{account_id}/workspace/{workspace_id}/…` is what `prefect` prints as
links. The pages are those packaged with Prefect's server, told where they are served
and where their API is; no server need run to show them. They hold no data: the UI asks
for a password, which is an API key, and sends it with every call to the API.
"""

import importlib.util
import mimetypes
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from localcloud.prefect.account.access import StoreDep
from localcloud.prefect.account.store import Row

router = APIRouter()

BASE = "/account/{account_id}/workspace/{workspace_id}"
PLACEHOLDER = b"/PREFECT_UI_SERVE_BASE_REPLACE_PLACEHOLDER"
TEXTS = frozenset({".html", ".js", ".css"})
YEAR = "public, max-age=31536000, immutable"  # the names of assets hold their hash


def _folder() -> Path:
    """Find the packaged pages without importing Prefect, which takes seconds."""
    spec = importlib.util.find_spec("prefect")
    if spec is None or spec.origin is None:
        raise HTTPException(404, "Prefect's UI is not installed.")
    return Path(spec.origin).parent / "server" / "ui"


@router.get("/")
async def first_workspace(store: StoreDep) -> RedirectResponse:
    """Lead to the UI of the oldest workspace."""
    for workspace in store.all("workspaces"):
        path = f"/account/{workspace['account_id']}/workspace/{workspace['id']}/"
        return RedirectResponse(path)
    raise HTTPException(404, "There is no workspace.")


@router.get(BASE + "/ui-settings")
async def settings(request: Request, account_id: UUID, workspace_id: UUID) -> Row:
    """Tell the UI where its API is, and that it asks for a password."""
    base = BASE.format(account_id=account_id, workspace_id=workspace_id)
    api = f"api/accounts/{account_id}/workspaces/{workspace_id}"
    return {
        "api_url": f"{request.base_url}{api}",
        "csrf_enabled": False,
        "auth": "BASIC",
        "flags": [],
        "default_ui": "v1",
        "available_uis": ["v1"],
        "v1_base_url": base,
        "v2_base_url": None,
    }


@router.get(BASE)
@router.get(BASE + "/{path:path}")
async def page(
    store: StoreDep, account_id: UUID, workspace_id: UUID, path: str = ""
) -> Response:
    """Serve a file of the UI; any other path is one of its pages."""
    where = {"id": str(workspace_id), "account_id": str(account_id)}
    if store.find("workspaces", **where) is None:
        raise HTTPException(404, "Workspace not found")
    folder = _folder()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        file = folder / "index.html"
    content = file.read_bytes()
    if file.suffix in TEXTS:
        base = BASE.format(account_id=account_id, workspace_id=workspace_id)
        content = content.replace(PLACEHOLDER, base.encode())
    caching = YEAR if file.parent.name == "assets" else "no-cache"
    kind, _ = mimetypes.guess_type(file.name)
    return Response(content, media_type=kind, headers={"Cache-Control": caching})
