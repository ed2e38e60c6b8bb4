"""All metrics, declared once; named after AWS/IVSChat and AWS/Usage (spec ivs-chat 10)."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

CONCURRENT_CHAT_CONNECTIONS = Gauge(
    "ivschat_concurrent_chat_connections",
    "Open connections (ConcurrentChatConnections)",
    multiprocess_mode="livesum",  # of all workers that live
)
USAGE = Gauge(
    "aws_usage_resource_count",
    "Use of a quota (ResourceCount of AWS/Usage); Resource is ConcurrentChatConnections",
    ["Service", "Class", "Type", "Resource"],
    multiprocess_mode="livesum",
)
MESSAGING_REQUESTS = Counter(
    "ivschat_messaging_requests",
    "Messaging requests received, all rooms (MessagingRequests): the sum of Requests",
)
MESSAGING_DELIVERIES = Counter(
    "ivschat_messaging_deliveries",
    "Deliveries to connections, all rooms (MessagingDeliveries): the sum of Deliveries",
)
REQUESTS = Counter("ivschat_requests", "Messaging requests received (Requests)", ["Action"])
DELIVERIES = Counter("ivschat_deliveries", "Deliveries to connections (Deliveries)", ["Action"])
INVOCATION_ERRORS = Counter(
    "ivschat_invocation_errors", "Review handler missing, failing or late", ["Uri"]
)
RESPONSE_VALIDATION_ERRORS = Counter(
    "ivschat_response_validation_errors", "Review handler answered something invalid", ["Uri"]
)
LOG_DESTINATION_ACCESS_DENIED = Counter(
    "ivschat_log_destination_access_denied_error",
    "Refused by the destination",
    ["LoggingConfiguration"],
)
LOG_DESTINATION_NOT_FOUND = Counter(
    "ivschat_log_destination_resource_not_found_errors",
    "Destination does not exist",
    ["LoggingConfiguration"],
)
LOG_DESTINATION_ERRORS = Counter(
    "ivschat_log_destination_errors",
    "Failed log deliveries of all kinds",
    ["LoggingConfiguration"],
)
LOG_RECORDS_DROPPED = Counter(
    "ivschat_log_records_dropped",
    "Log records lost: spool full, unreadable, refused for good",
    ["LoggingConfiguration"],
)
