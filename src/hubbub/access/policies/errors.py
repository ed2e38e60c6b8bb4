"""What is wrong with a policy document."""

from __future__ import annotations


class PolicyError(ValueError):
    """The document is no policy that this server understands; the text names the statement."""
