from __future__ import annotations

from pathlib import Path

import pytest

from hubbub.serve.demo.files import Files


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("no")
    page = tmp_path / "demo"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>")
    (page / "assets" / "main.js").write_text("1")
    (page / ".hidden.js").write_text("no")
    (page / "notes.exe").write_text("no")
    (page / "link.txt").symlink_to(tmp_path / "secret.txt")
    return page


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("", 308, b"text/plain; charset=utf-8"),
        ("/", 200, b"text/html; charset=utf-8"),
        ("/index.html", 200, b"text/html; charset=utf-8"),
        ("/assets/main.js", 200, b"text/javascript; charset=utf-8"),
        ("/assets", 404, b"text/plain; charset=utf-8"),
        ("/assets/", 404, b"text/plain; charset=utf-8"),
        ("/nothing.js", 404, b"text/plain; charset=utf-8"),
        ("/notes.exe", 404, b"text/plain; charset=utf-8"),
        ("/.hidden.js", 404, b"text/plain; charset=utf-8"),
        ("/../secret.txt", 404, b"text/plain; charset=utf-8"),
        ("//etc/hosts.txt", 404, b"text/plain; charset=utf-8"),
        ("/link.txt", 404, b"text/plain; charset=utf-8"),
        ("/\0.js", 404, b"text/plain; charset=utf-8"),
        ("/" + "x" * 5_000 + ".js", 404, b"text/plain; charset=utf-8"),
    ],
)
async def test_files_of_the_directory_and_no_others(
    directory: Path, path: str, status: int, kind: bytes
) -> None:
    answer = await Files(directory).answer("GET", path)
    assert answer[:2] == (status, kind)
    assert b"no" not in answer[2] or answer[2] == b"Not found\n"


async def test_the_page_may_load_its_own_scripts_only(directory: Path) -> None:
    *_, headers = await Files(directory).answer("HEAD", "/")
    policy = dict(headers)[b"content-security-policy"]
    assert b"script-src 'self'" in policy
    assert b"frame-ancestors 'none'" in policy


async def test_other_methods_are_not_allowed(directory: Path) -> None:
    assert (await Files(directory).answer("POST", "/"))[0] == 405


async def test_a_page_that_is_not_built_says_how_it_is(tmp_path: Path) -> None:
    status, _, body, _ = await Files(tmp_path / "none").answer("GET", "/")
    assert status == 200
    assert b"make setup" in body
