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
from hubbub.sinks.firehose import FirehoseDelivery
from hubbub.sinks.s3 import S3Delivery

Place = Path | AwsClients


def deliveries(
    settings: SinkSettings, data_dir: Path, layouts: Layouts
) -> dict[DestinationKind, Delivery]:
    """Raises SettingsError."""
    logs = data_dir / "logs"
    s3 = place("sinks.s3", settings.s3, logs)
    streams = place("sinks.cloudwatch-logs", settings.cloudwatch_logs, logs)
    firehose = place("sinks.firehose", settings.firehose, logs)
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
            else FirehoseDelivery(firehose)
        ),
    }


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
