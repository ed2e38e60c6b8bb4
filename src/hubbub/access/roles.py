"""Roles of the settings: whom they trust, and what they may do."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass

from hubbub.access.policies import Policy, PolicyError, parse_policy
from hubbub.settings import RoleSettings, SettingsError


@dataclass(frozen=True, slots=True)
class Role:
    arn: str  # arn:aws:iam::<account>:role/<path/><name>
    policy: Policy
    trust: frozenset[str]
    """Access key ids and ARNs of roles whose callers may assume it; "*": all of its account."""
    max_session_duration: int  # seconds

    @property
    def account_id(self) -> str:
        return self.arn.split(":", 5)[4]

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[1]

    @property
    def id(self) -> str:
        """The same on every node: ``AROA`` and 80 bits of the ARN's hash."""
        digest = hashlib.sha256(self.arn.encode()).digest()
        return "AROA" + b32encode(digest[:10]).decode()

    def trusts(self, names: frozenset[str], account_id: str) -> bool:
        """`names`: what the caller is called, its access key id or the ARN of its role."""
        return bool(names & self.trust) or ("*" in self.trust and account_id == self.account_id)


def read_roles(settings: Mapping[str, RoleSettings]) -> dict[str, Role]:
    """The roles by ARN. Raise SettingsError."""
    roles = {}
    for arn, given in settings.items():
        try:
            policy = parse_policy(given.policy)
        except PolicyError as error:
            raise SettingsError(f"setting roles: the policy of {arn}: {error}") from None
        roles[arn] = Role(arn, policy, frozenset(given.trust), given.max_session_duration)
    return roles
