"""docs/how-to/browser-credentials.md does what it says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.clients.javascript import NODE
from tests.clients.observed import tracebacks
from tests.docs.page import Page, matches
from tests.server import running_server

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "browser-credentials.md"


def test_the_page_runs_as_written(tmp_path: Path) -> None:
    page = Page(PAGE)
    page.write_files(tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "HUBBUB_"))
    } | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NODE_NO_WARNINGS": "1"}
    own_root = dict.fromkeys(("HUBBUB_ROOT_ACCESS_KEY_ID", "HUBBUB_ROOT_SECRET_ACCESS_KEY"), "")
    with running_server(tmp_path / ".hubbub", environment=own_root) as server:
        for printed, expected in page.follow(tmp_path, environment):
            assert matches(printed, expected), f"{printed}\nis not\n{expected}"
        assert tracebacks(server) == []
    assert len(page.commands) == 8
