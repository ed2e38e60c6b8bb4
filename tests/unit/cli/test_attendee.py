from __future__ import annotations

import sys
from types import ModuleType

import pytest

from hubbub.cli import main


def test_its_arguments_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def attend(arguments: list[str]) -> int:
        given.extend(arguments)
        return 7

    module = ModuleType("hubbub_media")
    module.attend = attend  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hubbub_media", module)
    assert main(["attendee", "join", "--tone", "440", "--", "x"]) == 7
    assert given == ["join", "--tone", "440", "--", "x"]


def test_without_the_media_engine_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "hubbub_media", None)
    assert main(["attendee", "join"]) == 1
    assert "hubbub-media" in capsys.readouterr().err
