"""What an audit reports is what it was told."""

from __future__ import annotations

from tools.audit import advisories


def test_each_vulnerability_is_a_line_with_its_way_out() -> None:
    """The package, the advisory, and the release that mends it."""
    vulns = [
        {"id": "PYSEC-1", "fix_versions": ["2.0", "1.9.1"]},
        {"id": "GHSA-2", "fix_versions": []},
    ]
    told = {"dependencies": [{"name": "a", "version": "1.0", "vulns": vulns}]}
    assert advisories(told) == (
        1,
        0,
        [
            "a 1.0: PYSEC-1, mended in 2.0, 1.9.1",
            "a 1.0: GHSA-2, mended in no release yet",
        ],
    )


def test_what_was_not_looked_up_does_not_count_as_sound() -> None:
    """Without the database nothing is known, and the report says so."""
    told = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    assert advisories(told) == (0, 1, [])
