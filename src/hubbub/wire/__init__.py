"""AWS's front door for any rest-json or query service: models in, an ASGI application out.

It knows no service. A service package makes a `Service` (model, error style, handlers), and
`FrontDoor` serves it.
"""

from hubbub.wire.arns import Arn, ArnError
from hubbub.wire.authentication import (
    Authenticator,
    Caller,
    SignatureAuthenticator,
    TrustingAuthenticator,
)
from hubbub.wire.door import FrontDoor
from hubbub.wire.errors import (
    Failure,
    NotAuthorized,
    SerializationFailure,
    ServiceError,
    ValidationFailure,
)
from hubbub.wire.models import Model, compile_model, load_model
from hubbub.wire.pagetokens import PageTokens, UnusablePageToken
from hubbub.wire.query.style import QueryStyle
from hubbub.wire.service import (
    Authorize,
    Call,
    Credentials,
    CredentialSource,
    Demand,
    Demands,
    Handler,
    Permissions,
    Service,
)
from hubbub.wire.shapes import ModelError
from hubbub.wire.sigv4 import Claim, SignatureRefused, SignedRequest
from hubbub.wire.styles import CodeMessageStyle, ErrorStyle, FieldListStyle

__all__ = [
    "Arn",
    "ArnError",
    "Authenticator",
    "Authorize",
    "Call",
    "Caller",
    "Claim",
    "CodeMessageStyle",
    "CredentialSource",
    "Credentials",
    "Demand",
    "Demands",
    "ErrorStyle",
    "Failure",
    "FieldListStyle",
    "FrontDoor",
    "Handler",
    "Model",
    "ModelError",
    "NotAuthorized",
    "PageTokens",
    "Permissions",
    "QueryStyle",
    "SerializationFailure",
    "Service",
    "ServiceError",
    "SignatureAuthenticator",
    "SignatureRefused",
    "SignedRequest",
    "TrustingAuthenticator",
    "UnusablePageToken",
    "ValidationFailure",
    "compile_model",
    "load_model",
]
