"""Which revision of the schema a database has, and the statements that bring it to ours.

One invariant: *a database at HEAD is opened without Alembic*, which costs a quarter of a second
and 8 MiB to import. Statements are generated as text (Alembic's offline mode), so that migrations
run on the drivers that serve; a migration is SQL only and never looks at rows in Python.
"""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from hubbub.store.contract import StoreUnavailable
from hubbub.store.tables import metadata

HEAD = "0004"
"""The newest revision in ``migrations/versions``."""

READ_REVISION = "SELECT version_num FROM alembic_version"
_MIGRATIONS = Path(__file__).with_name("migrations")


class StoreTooNew(StoreUnavailable):
    """The database was written by a later version of Hubbub."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database has revision {revision} of a later Hubbub, this one knows {HEAD}:"
            " start that version, or restore a backup from before its first start"
        )


def creation(dialect: Dialect) -> list[str]:
    """The statements that make an empty database one at HEAD."""
    statements = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            statements.append(str(CreateIndex(index).compile(dialect=dialect)))
    statements.append(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    statements.append(f"INSERT INTO alembic_version (version_num) VALUES ('{HEAD}')")  # noqa: S608
    return statements


def migration(revision: str | None, dialect_name: str, destination: str = "head") -> list[str]:
    """The statements from `revision` (None: an empty database) on. Raises StoreTooNew."""
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    known = {found.revision for found in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreTooNew(revision)
    text = io.StringIO()
    with EnvironmentContext(
        config,
        script,
        fn=lambda current, _: script._upgrade_revs(destination, current),
        as_sql=True,
        starting_rev=revision,
        destination_rev=destination,
    ) as environment:
        environment.configure(
            dialect_name=dialect_name,
            output_buffer=text,
            target_metadata=metadata,
            transactional_ddl=False,  # the caller's transaction
        )
        environment.run_migrations()
    return _split(text.getvalue())


def _split(script: str) -> list[str]:
    statements = []
    lines: list[str] = []
    for line in script.splitlines():
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            statements.append("\n".join(lines))
            lines = []
    return statements
