"""STS put together: four operations over `hubbub.access`.

| operation          | called with                       | seconds: least, default, most         |
|--------------------|-----------------------------------|---------------------------------------|
| GetCallerIdentity  | any credentials                   |                                       |
| GetSessionToken    | a key                             | 900, 43,200, 129,600 (root key: 3,600)|
| GetFederationToken | a key                             | 900, 43,200, 129,600 (root key: 3,600)|
| AssumeRole         | a key, or credentials of it or of | 900, 3,600, what the role says        |
|                    | a role (then at most 3,600)       |                                       |
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hubbub.access.policies.documents import LONGEST_SESSION_POLICY
from hubbub.access.roles import Role
from hubbub.access.sessions import Kind, PackedTooLarge, Session, SessionLimits, Sessions
from hubbub.sts.callers import Caller, caller_of
from hubbub.sts.errors import access_denied, invalid, not_trusted, packed_too_large
from hubbub.sts.limits import limits_of
from hubbub.wire import Call, Demand, QueryStyle, Service, load_model
from hubbub.wire.tags import tag_conditions, tag_map

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import CredentialsTypeDef

DEFAULT_SECONDS = 43_200
LONGEST_ROOT_SECONDS = 3_600
DEFAULT_ROLE_SECONDS = 3_600
LONGEST_CHAINED_SECONDS = 3_600
CONSTRAINTS = {"unrestrictedSessionPolicyDocumentType": {"max": LONGEST_SESSION_POLICY}}
"""The model leaves the bound of AssumeRole's policy to the documentation."""

_ROLE_ARN = re.compile(r"arn:aws:iam::[0-9]{12}:role/[!-~]{1,512}")
_NOT_SERVED = {
    "PolicyArns": "managed policies",
    "ProvidedContexts": "provided contexts",
    "SourceIdentity": "source identities",
    "TransitiveTagKeys": "transitive session tags",
}
"""Members that would change what credentials may do, and are refused therefore."""


class Sts:
    """`clock` tells epoch seconds."""

    def __init__(
        self,
        sessions: Sessions,
        roles: Mapping[str, Role],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sessions = sessions
        self._roles = roles
        self._clock = clock
        self.service = Service(
            model=load_model("sts", constraints=CONSTRAINTS),
            errors=QueryStyle(),
            handlers={
                "GetCallerIdentity": self._get_caller_identity,
                "GetSessionToken": self._get_session_token,
                "GetFederationToken": self._get_federation_token,
                "AssumeRole": self._assume_role,
            },
            demands=_demands,
        )

    async def _get_caller_identity(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        credentials = call.credentials
        return {
            "UserId": credentials.user_id,
            "Account": credentials.account_id,
            "Arn": credentials.arn,
        }

    async def _get_session_token(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        caller = self._key(call)
        _refuse_unserved(params)
        session = self._issue(caller, _seconds(caller, params), "session", SessionLimits())
        return {"Credentials": _credentials(session)}

    async def _get_federation_token(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        caller = self._key(call)
        _refuse_unserved(params)
        name, limits = params["Name"], limits_of(params)
        seconds = _seconds(caller, params)
        session = self._issue(caller, seconds, "federated-user", limits, name=name)
        account_id = call.account_id
        return {
            "Credentials": _credentials(session),
            "FederatedUser": {
                "FederatedUserId": f"{account_id}:{name}",
                "Arn": f"arn:aws:sts::{account_id}:federated-user/{name}",
            },
            "PackedPolicySize": session.packed_percent,
        }

    async def _assume_role(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        arn, name = params["RoleArn"], params["RoleSessionName"]
        if _ROLE_ARN.fullmatch(arn) is None:
            raise invalid(f"{arn} is invalid")
        _refuse_unserved(params)
        caller = caller_of(call, self._sessions)
        role = self._roles.get(arn)
        if role is None or not _may_assume(caller, call.account_id, role):
            raise not_trusted(call, arn)
        limits = limits_of(params)
        seconds = params.get("DurationSeconds", DEFAULT_ROLE_SECONDS)
        if caller.kind == "assumed-role" and seconds > LONGEST_CHAINED_SECONDS:
            raise invalid(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed"
                " by role chaining"
            )
        if seconds > role.max_session_duration:
            raise invalid(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            )
        session = self._issue(caller, seconds, "assumed-role", limits, name=name, role_arn=arn)
        return {
            "Credentials": _credentials(session),
            "AssumedRoleUser": {
                "AssumedRoleId": f"{role.id}:{name}",
                "Arn": f"arn:aws:sts::{role.account_id}:assumed-role/{role.name}/{name}",
            },
            "PackedPolicySize": session.packed_percent,
        }

    def _key(self, call: Call) -> Caller:
        """The caller, which must not use temporary credentials."""
        caller = caller_of(call, self._sessions)
        if caller.kind is not None:
            raise access_denied(f"Cannot call {call.operation} with session credentials")
        return caller

    def _issue(
        self,
        caller: Caller,
        seconds: int,
        kind: Kind,
        limits: SessionLimits,
        *,
        name: str = "",
        role_arn: str = "",
    ) -> Session:
        # Whole seconds: that is what the answer tells.
        expires_at = float(int(self._clock()) + seconds)
        try:
            return self._sessions.issue(
                caller.access_key_id,
                expires_at,
                kind=kind,
                name=name,
                role_arn=role_arn,
                limits=limits,
            )
        except PackedTooLarge:
            raise packed_too_large() from None


def _may_assume(caller: Caller, account_id: str, role: Role) -> bool:
    """The root key may assume every role; federated users none, as at AWS."""
    if caller.kind == "federated-user":
        return False
    if caller.is_root:
        return True
    name = caller.role_arn if caller.kind == "assumed-role" else caller.access_key_id
    return role.trusts(frozenset((name,)), account_id)


def _seconds(caller: Caller, params: Mapping[str, Any]) -> int:
    """The bounds are the model's; what is too long for a root key is cut, as at AWS."""
    seconds: int = params.get("DurationSeconds", DEFAULT_SECONDS)
    return min(seconds, LONGEST_ROOT_SECONDS) if caller.is_root else seconds


def _refuse_unserved(params: Mapping[str, Any]) -> None:
    if params.get("SerialNumber") or params.get("TokenCode"):
        raise access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
    for member, what in _NOT_SERVED.items():
        if params.get(member):
            raise invalid(f"{member}: this server has no {what}")


def _credentials(session: Session) -> CredentialsTypeDef:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": datetime.fromtimestamp(session.expires_at, UTC),
    }


def _demands(call: Call, params: dict[str, Any]) -> Sequence[Demand]:
    """GetCallerIdentity and GetSessionToken need no permission, as at AWS."""
    if call.operation in ("GetCallerIdentity", "GetSessionToken"):
        return ()
    resource: str = params.get("RoleArn") or "*"
    if call.operation == "GetFederationToken":
        resource = f"arn:aws:sts::{call.account_id}:federated-user/{params['Name']}"
    tags = tag_map(params.get("Tags"))
    conditions = tag_conditions(tags)
    own = Demand(f"sts:{call.operation}", resource, conditions)
    return (own, Demand("sts:TagSession", resource, conditions)) if tags else (own,)
