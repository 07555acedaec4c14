"""Secrets through the unmodified SDK: creation, merging, listing, access."""

from __future__ import annotations

import modal
import pytest
from modal.exception import AlreadyExistsError, InvalidError, NotFoundError


def lookup(name, environment, client, keys=()):
    secret = modal.Secret.from_name(
        name, environment_name=environment, required_keys=list(keys), client=client
    )
    return secret.hydrate()


def create(name, values, environment, client, **more):
    modal.Secret.objects.create(
        name, values, environment_name=environment, client=client, **more
    )


def test_created_secret_shows_its_keys_and_never_its_values(client, environment):
    """Creation makes the keys known, with name, environment and creator."""
    create("db", {"USER": "u", "PASSWORD": "canary"}, environment, client)
    secret = lookup("db", environment, client)
    info = secret.info()
    assert info.name == "db"
    assert secret._get_keys() == {"USER", "PASSWORD"}
    assert info.environment_name == environment
    assert info.created_by == "local-owner"


def test_creating_twice_is_refused_or_keeps_the_first(client, environment):
    """A taken name is an error, or a no-op when existing is allowed."""
    create("s", {"A": "1"}, environment, client)
    with pytest.raises(AlreadyExistsError):
        create("s", {"B": "2"}, environment, client)
    create("s", {"B": "2"}, environment, client, allow_existing=True)
    assert lookup("s", environment, client)._get_keys() == {"A"}


def test_overwriting_replaces_the_whole_set_under_a_new_id(client, environment):
    """Type 3 drops old keys, and the new object has a later creation time."""
    create("s", {"A": "1", "B": "2"}, environment, client)
    old = lookup("s", environment, client)
    modal.Secret._create_deployed(
        "s", {"C": "3"}, environment_name=environment, client=client, overwrite=True
    )
    new = lookup("s", environment, client)
    assert new._get_keys() == {"C"}
    assert new.object_id != old.object_id
    assert new.info().created_at > old.info().created_at


def test_update_merges(client, environment):
    """An update adds and changes keys and keeps the others."""
    create("s", {"A": "1"}, environment, client)
    secret = lookup("s", environment, client)
    secret.update({"B": "2"})
    assert secret._get_keys(refresh=True) == {"A", "B"}


def test_required_keys_are_checked_at_lookup(client, environment):
    """A missing required key fails the lookup and is named."""
    create("s", {"A": "1"}, environment, client)
    lookup("s", environment, client, ["A"])
    with pytest.raises(NotFoundError, match="ABSENT"):
        lookup("s", environment, client, ["A", "ABSENT"])


def test_missing_secret_names_its_environment(client, environment):
    """A lookup that misses says where it looked."""
    with pytest.raises(NotFoundError, match=environment):
        lookup("nothing", environment, client)


def test_deletion_is_final_and_can_tolerate_absence(client, environment):
    """A deleted secret is gone; deleting it again needs `allow_missing`."""
    create("s", {"A": "1"}, environment, client)
    delete = modal.Secret.objects.delete
    delete("s", environment_name=environment, client=client)
    with pytest.raises(NotFoundError):
        delete("s", environment_name=environment, client=client)
    delete("s", environment_name=environment, client=client, allow_missing=True)


@pytest.mark.parametrize("key", ["1A", "A-B", "", "A B"])
def test_invalid_keys_are_refused(client, environment, key):
    """A key that cannot name an environment variable is refused."""
    with pytest.raises(InvalidError):
        create("s", {key: "1"}, environment, client)
    with pytest.raises(NotFoundError):
        lookup("s", environment, client)


def test_too_long_values_are_refused_without_being_shown(client, environment):
    """A value beyond 32,768 characters is refused, and not quoted."""
    with pytest.raises(InvalidError, match="32769") as caught:
        create("s", {"A": "canary!" + "x" * 32762}, environment, client)
    assert "canary!" not in str(caught.value)


def test_listing_pages_through_everything_newest_first(client, environment):
    """More than two pages come back whole, in the order of creation."""
    names = [f"s{number:03d}" for number in range(205)]
    for name in names:
        create(name, {"A": "1"}, environment, client)
    listed = modal.Secret.objects.list(environment_name=environment, client=client)
    assert [secret.name for secret in listed] == names[::-1]
    some = modal.Secret.objects.list(
        environment_name=environment, client=client, max_objects=3
    )
    assert [secret.name for secret in some] == names[:-4:-1]


def test_same_name_in_two_environments_are_two_secrets(client, environment):
    """Environments keep names apart."""
    other = environment + "-b"
    modal.Environment.objects.create(other, client=client)
    create("s", {"A": "1"}, environment, client)
    create("s", {"B": "1"}, other, client)
    assert lookup("s", environment, client)._get_keys() == {"A"}
    assert lookup("s", other, client)._get_keys() == {"B"}


def test_values_are_not_in_the_state_folder(plane, client, environment):
    """The state on disk shows no secret in plaintext."""
    create("s", {"A": "canary-plain-value"}, environment, client)
    for path in plane.state_dir.rglob("*"):
        if path.is_file():
            assert b"canary-plain-value" not in path.read_bytes(), path
