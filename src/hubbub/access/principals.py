"""Credentials from what stands behind them: who the caller is called, and what it is limited to.

| credentials        | ARN                                         | limited by           |
|--------------------|---------------------------------------------|----------------------|
| root key           | arn:aws:iam::ACCOUNT:root                   | nothing              |
| access key         | arn:aws:iam::ACCOUNT:user/KEY               | its policy, if any   |
| GetSessionToken    | that of the key                             | as the key           |
| GetFederationToken | arn:aws:sts::ACCOUNT:federated-user/NAME    | key, session policy  |
| AssumeRole         | arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME | role, session policy |
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from hubbub.access.permissions import NOTHING, PolicyPermissions
from hubbub.access.policies import Policy, PolicyError, parse_policy
from hubbub.access.roles import Role
from hubbub.access.sessions import SessionClaims
from hubbub.wire.service import Credentials

logger = logging.getLogger(__name__)


def of_key(access_key_id: str, secret: str, account_id: str, policy: str) -> Credentials:
    arn = f"arn:aws:iam::{account_id}:user/{access_key_id}"
    user_id = "AIDA" + access_key_id[4:]
    permissions = None
    if policy:
        principal = _principal(arn, account_id, user_id) | {"aws:username": (access_key_id,)}
        permissions = PolicyPermissions((readable(policy, access_key_id),), principal)
    return Credentials(
        access_key_id, secret, account_id, arn, user_id=user_id, permissions=permissions
    )


def of_session(
    claims: SessionClaims,
    token: str,
    parent: Credentials,
    *,
    role: Role | None,
    policy: Policy | None,
    tags: Mapping[str, str],
) -> Credentials:
    """`role` is that of ``assumed-role``; `policy` None: a session without one."""
    account_id, arn, user_id = parent.account_id, parent.arn, parent.user_id
    policies = _policies(parent)
    if claims.kind == "federated-user":
        arn = f"arn:aws:sts::{account_id}:federated-user/{claims.name}"
        user_id = f"{account_id}:{claims.name}"
        policy = policy or NOTHING
    elif role is not None:
        account_id = role.account_id
        arn = f"arn:aws:sts::{account_id}:assumed-role/{role.name}/{claims.name}"
        user_id = f"{role.id}:{claims.name}"
        policies = (role.policy,)
    if policy is not None:
        policies = (*policies, policy)
    principal = _principal(arn, account_id, user_id)
    if ":user/" in arn:
        principal["aws:username"] = (claims.parent_access_key_id,)
    for name, value in tags.items():
        key = f"aws:principaltag/{name.lower()}"
        principal[key] = (*principal.get(key, ()), value)
    return Credentials(
        claims.access_key_id,
        claims.secret_access_key,
        account_id,
        arn,
        token,
        claims.expires_at,
        user_id,
        PolicyPermissions(policies, principal) if policies else None,
    )


def readable(policy: str, of: str) -> Policy:
    """A stored policy. One that a later Hubbub wrote and this one cannot read allows nothing."""
    try:
        return parse_policy(policy)
    except PolicyError as error:
        logger.error("the policy of %s allows nothing: %s", of, error)
        return NOTHING


def _policies(credentials: Credentials) -> Sequence[Policy]:
    permissions = credentials.permissions
    return permissions.policies if isinstance(permissions, PolicyPermissions) else ()


def _principal(arn: str, account_id: str, user_id: str) -> dict[str, Sequence[str]]:
    return {
        "aws:principalarn": (arn,),
        "aws:principalaccount": (account_id,),
        "aws:userid": (user_id,),
    }
