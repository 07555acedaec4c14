"""Texts as editors, merges and disks leave them: cut, doubled, with scraps in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANY: Final = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\t",
    b"\n",
)
YAML_SCRAPS: Final = (
    *(_ANY),
    *(b"&a ", b"*a", b"<<: *a", b"!!int ", b"!!binary ", b"!!set ", b"!!timestamp "),
    *(b"---\n", b"...\n", b"%YAML 9.9\n", b"{", b"[", b"}", b": ", b"- ", b"? "),
    *(b"|", b">", b"'", b'"', b"#", b"2024-02-30", b"0x" + b"f" * 5_000, b".nan"),
    *(b"1" * 5_000, b"[ " * 2_000, b'"\\ud800"', b"<<<<<<< HEAD\n", b"1e999", b"~"),
)
JSON_SCRAPS: Final = (
    *(_ANY),
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"NaN", b"1e999", b"true"),
    *(b"1" * 5_000, b"[" * 5_000, b'"\\ud800"', b"{}", b"[]", b"-1", b"0.5", b'""'),
)


@st.composite
def cut(draw: st.DrawFn, text: bytes, scraps: Sequence[bytes]) -> bytes:
    """Draw a text with up to three damages."""
    made = text
    for _ in range(draw(st.integers(1, 3))):
        made = _damaged(draw, made, scraps)
    return made


def _damaged(draw: st.DrawFn, text: bytes, scraps: Sequence[bytes]) -> bytes:
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 4, 40, 400])))
    match draw(st.sampled_from(["scrap", "cut", "end", "double", "byte"])):
        case "scrap":
            return text[:start] + draw(st.sampled_from(scraps)) + text[end:]
        case "cut":
            return text[:start] + text[end:]
        case "end":
            return text[:start]
        case "double":
            lines = text.split(b"\n")
            line = draw(st.sampled_from(lines))
            at = draw(st.integers(0, len(lines)))
            return b"\n".join([*lines[:at], line, *lines[at:]])
        case _:
            return text[:start] + draw(st.binary(min_size=1, max_size=3)) + text[end:]
