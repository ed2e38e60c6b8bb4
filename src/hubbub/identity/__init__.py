"""Amazon Chime SDK Identity: app instances, their users, admins and bots.

``ChimeIdentity`` is the whole service. Other services ask its `Directory` who an ARN is, and its
`RetentionSettings` what holds for messages; what they keep below app instances and users they clear
away as `Dependents`.
"""

from hubbub.identity.dependents import Dependents
from hubbub.identity.directory import Directory, Identity
from hubbub.identity.retention import Retention, RetentionSettings
from hubbub.identity.service import ChimeIdentity, owns

__all__ = [
    "ChimeIdentity",
    "Dependents",
    "Directory",
    "Identity",
    "Retention",
    "RetentionSettings",
    "owns",
]
