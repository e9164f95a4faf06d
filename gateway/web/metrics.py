"""What the process counts about itself, and how the outbox stands, for Prometheus.

What is read from tables when it is scraped is read within bounds (`gateway.outbox.measuring`), and seldom.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.outbox.measuring import Measures

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
        messages = Counter(
            "lamplighter_messages_asked",
            "Single messages asked for over the interface, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.messages_accepted = messages.labels("accepted")
        self.messages_refused = messages.labels("refused")
        self.webhooks = Counter(
            "lamplighter_webhooks",
            "Webhooks of carriers, by what became of them.",
            ("carrier", "kind", "outcome"),
            registry=registry,
        )


class Handovers:
    """Counts how hand-overs of this process ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "lamplighter_handovers",
            "Hand-overs to carriers, by what they answered.",
            ("lane", "outcome"),
            registry=registry,
        )
        self._children: dict[tuple[str, str], Counter] = {}

    def count(self, lane: str, outcome: str) -> None:
        """One ended."""
        child = self._children.get((lane, outcome))
        if child is None:
            child = self._children[lane, outcome] = self._counter.labels(lane, outcome)
        child.inc()


class Outbox:
    """Gauges of the outbox, the same on every node."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(f"lamplighter_{name}", says, labels, registry=registry)

        self._due = gauge("outbox_due", "Texts due, up to 10,000 counted of one notice.", "channel", "priority")
        self._waited = gauge("outbox_waited_seconds", "How long the first has been due.", "channel", "priority")
        self._uncertain = gauge("outbox_uncertain", "Texts in doubt, up to 10,000.")
        self._enabled = gauge("lane_enabled", "Whether a lane may send.", "lane")
        self._breakers = gauge("lane_breakers", "Living nodes by what they think of a lane.", "lane", "state")
        self._nodes = gauge("nodes", "Nodes whose lease stands.")

    def show(self, measures: Measures) -> None:
        """Take over how it stands now."""
        for many in (self._due, self._waited, self._enabled, self._breakers):
            many.clear()
        for (channel, priority), number in measures.due.items():
            self._due.labels(channel, priority).set(number)
        for (channel, priority), seconds in measures.waited.items():
            self._waited.labels(channel, priority).set(seconds)
        for lane, enabled in measures.enabled.items():
            self._enabled.labels(lane).set(enabled)
        for (lane, state), number in measures.breakers.items():
            self._breakers.labels(lane, state).set(number)
        self._uncertain.set(measures.uncertain)
        self._nodes.set(measures.nodes)
