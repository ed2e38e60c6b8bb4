"""Measurements of Hubbub beside rivals, in the same run, each with one core for its server."""
