"""Alembic's scripts, one file a revision. `hubbub.store.revisions` runs them."""
