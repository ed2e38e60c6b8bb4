"""IAM policies: documents in, decisions out. Pure: no store, no clock, no call.

    policy = parse_policy(text)                       # once; raises PolicyError
    decide((policy, ...), action, resource, context)  # ALLOW, EXPLICIT_DENY or IMPLICIT_DENY

Several policies are an intersection: each of them has to allow, as with a key's policy and that of
a session made from it.
"""

from hubbub.access.policies.decisions import Decision, decide
from hubbub.access.policies.documents import Policy, PolicyError, parse_policy

__all__ = ["Decision", "Policy", "PolicyError", "decide", "parse_policy"]
