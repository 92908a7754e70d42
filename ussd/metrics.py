"""What the operator sees of the calls: by screen and network, never by person."""

from prometheus_client import Counter, Histogram

HOPS = Counter(
    "zamu_ussd_hops_total", "Hops answered, by what came of them", ["screen", "network", "language", "outcome"]
)
SECONDS = Histogram(
    "zamu_ussd_hop_seconds",
    "Time to answer a hop",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 10),
)
ENDINGS = Counter("zamu_ussd_endings_total", "Sessions ended, as the gateway tells", ["status", "network"])
CALLBACKS = Counter(
    "zamu_ussd_callbacks_total",
    "Callbacks by what became of them: taken, malformed, too_large, wrong_code, wrong_secret or not_kept",
    ["kind", "outcome"],
)
