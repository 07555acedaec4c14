"""A key that is disabled, or about to be deleted, neither seals nor opens.

moto notes the state and goes on.
"""

from __future__ import annotations

from typing import Any

from moto.kms.models import KmsBackend

from localcloud.s3.errors import AwsError


def _check(backend: Any, key_id: str) -> None:
    key = backend.keys.get(backend.any_id_to_key_id(key_id))
    if key is None or key.key_state == "Enabled":
        return
    code = "KMSInvalidStateException"
    if key.key_state == "Disabled":
        code = "DisabledException"
    raise AwsError(code, f"{key.arn} is {key.key_state}.", 400)


def apply() -> None:
    """Look at the state first; of a ciphertext the key is known when it is opened."""
    models: Any = KmsBackend
    encrypt, decrypt = models.encrypt, models.decrypt

    def new_encrypt(backend: Any, key_id: str, *args: Any, **more: Any) -> Any:
        _check(backend, key_id)
        return encrypt(backend, key_id, *args, **more)

    def new_decrypt(backend: Any, *args: Any, **more: Any) -> Any:
        opened = decrypt(backend, *args, **more)
        _check(backend, opened[1])
        return opened

    models.encrypt, models.decrypt = new_encrypt, new_decrypt
