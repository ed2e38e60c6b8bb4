"""No name leads out of its directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.sinks.paths import path_below

ROOT = Path("/logs")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("bucket", "AWSLogs/1/a_b-c.log.gz"), "/logs/bucket/AWSLogs/1/a_b-c.log.gz"),
        (("/aws/ivs/#chat", "s.log"), "/logs/aws/ivs/#chat/s.log"),
        (("../../etc/passwd",), "/logs/%2E%2E/%2E%2E/etc/passwd"),
        (("a", ".", "..", "..."), "/logs/a/%2E/%2E%2E/%2E%2E%2E"),
        (("a//b/",), "/logs/a/b"),
        ((".hidden",), "/logs/.hidden"),
        (("nul\0byte",), "/logs/nul%00byte"),
        (("é",), "/logs/%C3%A9"),
    ],
)
def test_names(names: tuple[str, ...], expected: str) -> None:
    assert path_below(ROOT, *names) == Path(expected)


def test_long_names_stay_apart() -> None:
    first, second = path_below(ROOT, "x" * 512), path_below(ROOT, "x" * 513)
    assert first != second
    assert len(first.name) == len(second.name) == 200


@pytest.mark.parametrize("names", [(), ("",), ("/",)])
def test_no_name(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="name"):
        path_below(ROOT, *names)


@given(
    st.lists(
        st.text(alphabet=st.characters(), min_size=1).filter(lambda t: t.strip("/")), min_size=1
    )
)
def test_any_name_stays_below(names: list[str]) -> None:
    path = path_below(ROOT, *names)
    assert path.parts[:2] == ("/", "logs")
    assert ".." not in path.parts
    assert all(len(part.encode()) <= 255 for part in path.parts)
