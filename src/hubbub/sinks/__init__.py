"""Where records go: S3, CloudWatch Logs, Firehose, SNS, SQS, EventBridge, webhooks, or files.

``open_sinks(settings.sinks, data_dir, layouts)``, called on the event loop, gives the `Sinks` of
`hubbub.sinks.contract`. It raises `hubbub.settings.SettingsError` for an unusable setting.
"""

from __future__ import annotations

from hubbub.sinks.service import open_sinks

__all__ = ["open_sinks"]
