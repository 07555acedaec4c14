"""API keys: hashed at rest, expiring, rotated with an overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.waiting import until


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def status(local_cloud, key: str) -> int:
    with local_cloud.client(key) as client:
        return client.get(f"{local_cloud.cloud_api_url}/me/").status_code


def test_keys_are_not_stored(local_cloud, make_bot):
    """No file of the account's state holds a key, only its hash."""
    key = make_bot().key
    folder = local_cloud.state_dir / "prefect"
    for file in folder.glob("account.db*"):
        assert key.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_a_key_ends_at_its_expiration(local_cloud, make_bot):
    """A key works until its time, and not after."""
    key = make_bot(api_key_expiration=soon(1.5)).key
    assert status(local_cloud, key) == 200
    until(lambda: status(local_cloud, key) == 401, 10, what="the key's end")


def test_rotation_keeps_the_old_key_for_the_overlap(local_cloud, api, make_bot):
    """Both keys work during the overlap; then only the new one does."""
    bot = make_bot()
    body = {"api_key_expiration": None, "old_key_expires_in_seconds": 2}
    rotated = api.post(f"/bots/{bot.id}/rotate_api_key", json=body)
    assert rotated.status_code == 201
    new = rotated.json()["api_key"]["key"]
    assert new.startswith("pnb_")
    assert [status(local_cloud, key) for key in (bot.key, new)] == [200, 200]
    keys = api.get(f"/bots/{bot.id}/read_bot_api_keys").json()
    assert len(keys["rotating_keys"]) == 1
    until(lambda: status(local_cloud, bot.key) == 401, 10, what="the overlap's end")
    assert status(local_cloud, new) == 200


def test_rotation_without_an_overlap_ends_the_old_key_at_once(
    local_cloud, api, make_bot
):
    """Nothing said of the old key deletes it."""
    bot = make_bot()
    new = api.post(f"/bots/{bot.id}/rotate_api_key", json={}).json()["api_key"]["key"]
    assert [status(local_cloud, key) for key in (bot.key, new)] == [401, 200]


def test_rotation_never_lengthens_an_old_keys_life(local_cloud, api, make_bot):
    """An overlap beyond the old key's own end does not move that end."""
    bot = make_bot(api_key_expiration=soon(1.5))
    body = {"old_key_expires_in_seconds": 3600}
    assert api.post(f"/bots/{bot.id}/rotate_api_key", json=body).status_code == 201
    until(lambda: status(local_cloud, bot.key) == 401, 10, what="the key's own end")


def test_an_overlap_of_more_than_48_hours_is_refused(api, make_bot):
    """Prefect Cloud's limit for the overlap holds."""
    body = {"old_key_expires_in_seconds": 172_801}
    answer = api.post(f"/bots/{make_bot().id}/rotate_api_key", json=body)
    assert answer.status_code == 422


def test_a_deleted_service_accounts_key_ends(local_cloud, api, make_bot):
    """With the service account go its keys and its access."""
    bot = make_bot()
    assert api.delete(f"/bots/{bot.id}").status_code == 204
    assert status(local_cloud, bot.key) == 401
