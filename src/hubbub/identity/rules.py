"""What the model cannot say of the input (spec 2, 4): checked with the model's own constraints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hubbub.identity.tag_rules import tag_failures
from hubbub.wire.errors import Failure
from hubbub.wire.rules import Input, all_of
from hubbub.wire.service import Rule

METADATA_BYTES = 1024

_NAME = re.compile("[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""ResourceName's pattern: no control characters. Names of users and endpoints have none in the
model, and are held to it as well."""
# https://docs.aws.amazon.com/lexv2/latest/dg/how-languages.html
LEX_LOCALES = frozenset(
    "ar_AE ca_ES cs_CZ da_DK de_AT de_DE en_AU en_GB en_IN en_US en_ZA es_419 es_ES es_US fi_FI"  # noqa: SIM905
    " fr_CA fr_FR he_IL hi_IN hu_HU id_ID it_IT ja_JP ko_KR nl_NL no_NO pl_PL pt_BR pt_PT ro_RO"
    " ru_RU sv_SE th_TH tr_TR vi_VN zh_CN zh_HK zh_TW".split()
)


def _metadata(request: Input) -> Iterator[Failure]:
    metadata = request.get("Metadata")
    if metadata is None:
        return
    if len(metadata) * 4 > METADATA_BYTES and len(metadata.encode()) > METADATA_BYTES:
        yield Failure("Metadata", f"must have at most {METADATA_BYTES} bytes of UTF-8")
    if "\0" in metadata:
        yield Failure("Metadata", "must not hold NUL")


def _name(request: Input) -> Iterator[Failure]:
    name = request.get("Name")
    if name is not None and _NAME.fullmatch(name) is None:
        yield Failure("Name", "must not hold control characters")


def _not_blank(request: Input) -> Iterator[Failure]:
    if not request["Name"].strip():
        yield Failure("Name", "must not be blank")


def _tags(request: Input) -> Iterator[Failure]:
    if tags := request.get("Tags"):
        yield from tag_failures(tags)


def _of_app_instance(request: Input) -> Iterator[Failure]:
    parent = request["AppInstanceArn"]
    if not request["AppInstanceAdminArn"].startswith((f"{parent}/user/", f"{parent}/bot/")):
        yield Failure("AppInstanceAdminArn", "must be of a user or bot of the app instance")


def _lex(request: Input) -> Iterator[Failure]:
    lex = (request.get("Configuration") or {}).get("Lex")
    if lex is None:
        return
    if "RespondsTo" in lex and "InvokedBy" in lex:
        yield Failure("Configuration.Lex", "must not have both RespondsTo and InvokedBy")
    if lex["LocaleId"] not in LEX_LOCALES:
        yield Failure("Configuration.Lex.LocaleId", "must be a locale of Amazon Lex V2")


def _device(request: Input) -> Iterator[Failure]:
    attributes = request["EndpointAttributes"]
    if "VoipDeviceToken" in attributes and request["Type"] == "GCM":
        yield Failure("EndpointAttributes.VoipDeviceToken", "is for APNS and APNS_SANDBOX only")
    if any("\0" in text for text in attributes.values()):
        yield Failure("EndpointAttributes", "must not hold NUL")
    if "\0" in request["ResourceArn"]:
        yield Failure("ResourceArn", "must not hold NUL")


RULES: Mapping[str, Rule] = {
    "CreateAppInstance": all_of(_name, _metadata, _tags),
    "UpdateAppInstance": all_of(_name, _metadata),
    "CreateAppInstanceUser": all_of(_name, _not_blank, _metadata, _tags),
    "UpdateAppInstanceUser": all_of(_name, _not_blank, _metadata),
    "CreateAppInstanceBot": all_of(_name, _metadata, _tags, _lex),
    "UpdateAppInstanceBot": all_of(_name, _metadata, _lex),
    "CreateAppInstanceAdmin": all_of(_of_app_instance),
    "RegisterAppInstanceUserEndpoint": all_of(_name, _device),
    "UpdateAppInstanceUserEndpoint": all_of(_name),
    "TagResource": all_of(_tags),
}
"""Operation -> rule."""
