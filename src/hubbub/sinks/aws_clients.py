"""Clients of AWS's APIs, or of whatever speaks them, made when first needed."""

from __future__ import annotations

import threading
from typing import Any

from hubbub.sinks.delivery import DeliveryFailed

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_CONNECTIONS = 16


class AwsClients:
    """One client for each service and region. Used from several threads."""

    def __init__(self, endpoint: str | None) -> None:
        """`endpoint` is a URL, or None for AWS's own."""
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None
        self._closed = False

    def get(self, service: str, region: str) -> Any:
        """The client of a service by its name in boto3. Raises botocore's errors."""
        with self._lock:
            if self._closed:
                raise DeliveryFailed("closing")
            client = self._clients.get((service, region))
            if client is None:
                client = self._clients[service, region] = self._create(service, region)
            return client

    def _create(self, service: str, region: str) -> Any:
        import boto3.session  # noqa: PLC0415 - 0.4 s that a start without log records spares
        from botocore.config import Config  # noqa: PLC0415

        if self._session is None:
            self._session = boto3.session.Session()
        options: dict[str, Any] = {
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "max_pool_connections": _CONNECTIONS,
            "retries": {"total_max_attempts": 1},  # the shipper retries
            "ignore_configured_endpoint_urls": True,  # AWS_ENDPOINT_URL may point at ourselves
        }
        if self._endpoint is not None:  # not all who speak S3 know virtual hosts and new checksums
            options["s3"] = {"addressing_style": "path"}
            options["request_checksum_calculation"] = "when_required"
            options["response_checksum_validation"] = "when_required"
        return self._session.client(
            service, region_name=region, endpoint_url=self._endpoint, config=Config(**options)
        )

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for client in self._clients.values():
                client.close()
            self._clients.clear()
