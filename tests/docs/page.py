"""A page of the documentation, followed to the letter.

Blocks of ``json``, ``toml``, ``python`` and ``js`` go into the file that the text before them
names last (``Put this into `backend.json`:``). Of ``console`` blocks the lines after ``$ `` are
typed into one shell, and the others are what it has to print; ``…`` stands for anything.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w./-]+\.(?:json|toml|py|mjs))`")
_FILE_BLOCKS = ("json", "toml", "python", "js")


class Page:
    def __init__(self, path: Path) -> None:
        self.files: dict[str, str] = {}
        self.commands: list[tuple[str, str]] = []  # with what they print
        text = path.read_text(encoding="utf-8")
        end = 0
        for block in _BLOCK.finditer(text):
            kind, content = block.groups()
            if kind in _FILE_BLOCKS:
                named = _FILE.findall(text[end : block.start()])
                assert named, f"no file is named before:\n{content}"
                assert named[-1] not in self.files
                self.files[named[-1]] = content
            else:
                assert kind == "console", f"what is to be done with {kind!r}?"
                self.commands += _commands(content)
            end = block.end()

    def write_files(self, directory: Path) -> None:
        for name, content in self.files.items():
            (directory / name).parent.mkdir(exist_ok=True)
            (directory / name).write_text(content, encoding="utf-8")

    def follow(self, directory: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Type the commands; what they print, beside what they should."""
        shell = subprocess.Popen(
            ["bash", "-e"],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with shell:
            assert shell.stdin and shell.stdout
            for number, (command, expected) in enumerate(self.commands):
                end = f"end of command {number}\n"
                shell.stdin.write(f"{command}\necho {end}")
                shell.stdin.flush()
                printed = ""
                while not printed.endswith(end):
                    line = shell.stdout.readline()
                    assert line, f"$ {command}\n{printed}"
                    printed += line
                yield printed.removesuffix(end), expected
            shell.stdin.close()


def matches(printed: str, expected: str) -> bool:
    pattern = ".*".join(re.escape(each) for each in expected.split("…"))
    return re.fullmatch(pattern, printed) is not None


def _commands(content: str) -> Iterator[tuple[str, str]]:
    for each in content.removeprefix("$ ").split("\n$ "):
        command, _, output = each.partition("\n")
        yield command, output if output.endswith("\n") or not output else output + "\n"
