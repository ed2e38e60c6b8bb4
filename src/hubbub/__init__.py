"""Hubbub: a self-hosted communications server that speaks the AWS wire APIs."""

__version__ = "0.1.0"
