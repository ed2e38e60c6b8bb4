"""Where each kind of destination really is, from its setting."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from hubbub.settings import SettingsError, SinkSettings
from hubbub.sinks.aws_clients import AwsClients
from hubbub.sinks.cloudwatch_logs import CloudWatchLogsDelivery
from hubbub.sinks.contract import DestinationKind
from hubbub.sinks.delivery import Delivery, Layouts
from hubbub.sinks.files import DeliveryStreamFiles, ObjectFiles, StreamFiles
from hubbub.sinks.firehose import firehose_delivery
from hubbub.sinks.messages import eventbridge_delivery, sns_delivery, sqs_delivery
from hubbub.sinks.s3 import S3Delivery
from hubbub.sinks.webhook import WebhookDelivery

Place = Path | AwsClients


def deliveries(
    settings: SinkSettings, data_dir: Path, layouts: Layouts
) -> dict[DestinationKind, Delivery]:
    """Raises SettingsError."""
    logs = data_dir / "logs"
    s3 = place("sinks.s3", settings.s3, logs)
    streams = place("sinks.cloudwatch-logs", settings.cloudwatch_logs, logs)
    firehose = place("sinks.firehose", settings.firehose, logs)
    sns = place("sinks.sns", settings.sns, logs)
    sqs = place("sinks.sqs", settings.sqs, logs)
    return {
        "s3": ObjectFiles(s3, layouts) if isinstance(s3, Path) else S3Delivery(s3, layouts),
        "cloudWatchLogs": (
            StreamFiles(streams, layouts)
            if isinstance(streams, Path)
            else CloudWatchLogsDelivery(streams, layouts)
        ),
        "firehose": (
            DeliveryStreamFiles(firehose)
            if isinstance(firehose, Path)
            else firehose_delivery(firehose)
        ),
        "sns": DeliveryStreamFiles(sns) if isinstance(sns, Path) else sns_delivery(sns),
        "sqs": DeliveryStreamFiles(sqs) if isinstance(sqs, Path) else sqs_delivery(sqs),
        "events": _events(settings.events, logs),
    }


def _events(value: str, logs: Path) -> Delivery:
    """Unset: nobody writes events, but what was written before has to go somewhere."""
    found = place("sinks.events", value, logs)
    if isinstance(found, Path):
        return DeliveryStreamFiles(found)
    return eventbridge_delivery(found) if value == "aws" else WebhookDelivery(value)


def place(name: str, value: str, default: Path) -> Place:
    """The directory or the API that the setting `name` means. Raises SettingsError."""
    if value == "":
        return default
    if value == "aws":
        return AwsClients(None)
    if value.startswith("file:"):
        path = Path(value.removeprefix("file:"))
        if not path.is_absolute() or "\0" in value:
            raise SettingsError(f"{name}: file: is followed by an absolute path")
        return path
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name}: has to be aws, an endpoint URL or file:/directory")
    if "@" in parts.netloc:
        raise SettingsError(f"{name}: credentials come from the environment, not from the URL")
    return AwsClients(value)
