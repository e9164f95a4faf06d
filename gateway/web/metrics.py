"""What the process counts about itself, for Prometheus. Nothing is counted over tables when it is scraped."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters and histograms of one process, kept in `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Histogram(
            "lamplighter_http_request_seconds",
            "Seconds from the head of a request to its answer.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=registry,
        )
        self.messages = Counter(
            "lamplighter_messages_asked",
            "Single messages asked for over the interface, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.webhooks = Counter(
            "lamplighter_webhooks",
            "Webhooks of carriers, by what became of them.",
            ("carrier", "kind", "outcome"),
            registry=registry,
        )
