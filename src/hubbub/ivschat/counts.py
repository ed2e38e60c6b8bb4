"""What IVS Chat counts, with the label values of spec 10 looked up once."""

from __future__ import annotations

from hubbub import metrics
from hubbub.ivschat.engine.admission import SEND_EVENT
from hubbub.ivschat.engine.requests import DELETE_MESSAGE, DISCONNECT_USER, SEND_MESSAGE

_ACTIONS = (SEND_MESSAGE, DELETE_MESSAGE, DISCONNECT_USER, SEND_EVENT)
_REQUESTS = {action: metrics.REQUESTS.labels(action).inc for action in _ACTIONS}
_DELIVERIES = {action: metrics.DELIVERIES.labels(action).inc for action in _ACTIONS}


def requested(action: str) -> None:
    _REQUESTS[action]()


def delivered(action: str, connections: int) -> None:
    _DELIVERIES[action](connections)


def connections_changed(by: int) -> None:
    metrics.CONCURRENT_CHAT_CONNECTIONS.inc(by)


def invocation_error(uri: str) -> None:
    metrics.INVOCATION_ERRORS.labels(uri).inc()


def response_validation_error(uri: str) -> None:
    metrics.RESPONSE_VALIDATION_ERRORS.labels(uri).inc()
