"""Functions of users (review handlers, channel flows), called by Lambda ARN.

``open_functions(settings.functions)`` gives the `Functions` of `hubbub.functions.contract`. It
raises `hubbub.settings.SettingsError`, naming the setting, for a target that cannot be used.
"""

from __future__ import annotations

from hubbub.functions.registry import open_functions

__all__ = ["open_functions"]
