"""What Prefect Cloud adds to a new workspace beyond the server's packaged block types.

`modal-credentials` exists in Prefect Cloud only (`prefect work-pool create --type
modal:push --provision-infra` makes a block of it); its fields are those that
`prefect.infrastructure.provisioners.modal` writes.
"""

from http import HTTPStatus

import httpx

MODAL_CREDENTIALS = {
    "name": "Modal Credentials",
    "slug": "modal-credentials",
    "description": "Block used to manage Modal credentials.",
    "logo_url": None,
    "documentation_url": None,
    "code_example": None,
}
MODAL_CREDENTIALS_FIELDS = {
    "title": "ModalCredentials",
    "description": MODAL_CREDENTIALS["description"],
    "type": "object",
    "properties": {
        "token_id": {
            "title": "Token Id",
            "description": "The id of a Modal token.",
            "type": "string",
        },
        "token_secret": {
            "title": "Token Secret",
            "description": "The secret of a Modal token.",
            "type": "string",
            "format": "password",
            "writeOnly": True,
        },
    },
    "required": ["token_id", "token_secret"],
    "secret_fields": ["token_secret"],
    "block_type_slug": MODAL_CREDENTIALS["slug"],
    "block_schema_references": {},
}


async def provision(
    client: httpx.AsyncClient, address: str, authorization: str
) -> None:
    """Add the block types; what is there already is fine."""
    api = f"http://{address}/api"
    headers = {"Authorization": authorization}

    async def call(method: str, path: str, **body: object) -> httpx.Response:
        json = body or None
        return await client.request(method, f"{api}{path}", json=json, headers=headers)

    made = await call("POST", "/block_types/", **MODAL_CREDENTIALS)
    if made.status_code == HTTPStatus.CONFLICT:
        made = await call("GET", f"/block_types/slug/{MODAL_CREDENTIALS['slug']}")
    block_type = made.raise_for_status().json()
    schema = await call(
        "POST",
        "/block_schemas/",
        block_type_id=block_type["id"],
        fields=MODAL_CREDENTIALS_FIELDS,
        capabilities=[],
        version="1.0.0",
    )
    schema.raise_for_status()
