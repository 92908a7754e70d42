"""What Prometheus is told of SMS that come in."""

from prometheus_client import Counter

CALLBACKS = Counter("zamu_sms_callbacks_total", "Callbacks about SMS, and what became of them", ["kind", "outcome"])
UNDERSTOOD = Counter("zamu_sms_understood_total", "SMS of citizens, by what they were taken for", ["kind"])
