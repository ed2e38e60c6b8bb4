"""What IVS Chat counts, with the label values of spec 10 looked up once."""

from __future__ import annotations

from hubbub import metrics
from hubbub.ivschat.engine.admission import SEND_EVENT
from hubbub.ivschat.engine.requests import DELETE_MESSAGE, DISCONNECT_USER, SEND_MESSAGE

_ACTIONS = (SEND_MESSAGE, DELETE_MESSAGE, DISCONNECT_USER, SEND_EVENT)
_REQUESTS = {action: metrics.REQUESTS.labels(action).inc for action in _ACTIONS}
_DELIVERIES = {action: metrics.DELIVERIES.labels(action).inc for action in _ACTIONS}
_ALL_REQUESTS = metrics.MESSAGING_REQUESTS.inc
_ALL_DELIVERIES = metrics.MESSAGING_DELIVERIES.inc
_USED_CONNECTIONS = metrics.USAGE.labels(
    Service="IVS Chat", Class="None", Type="Resource", Resource="ConcurrentChatConnections"
)


def requested(action: str) -> None:
    _REQUESTS[action]()
    _ALL_REQUESTS()


def delivered(action: str, connections: int) -> None:
    _DELIVERIES[action](connections)
    _ALL_DELIVERIES(connections)


def connections_changed(by: int) -> None:
    metrics.CONCURRENT_CHAT_CONNECTIONS.inc(by)
    _USED_CONNECTIONS.inc(by)


def invocation_error(uri: str) -> None:
    metrics.INVOCATION_ERRORS.labels(uri).inc()


def response_validation_error(uri: str) -> None:
    metrics.RESPONSE_VALIDATION_ERRORS.labels(uri).inc()
