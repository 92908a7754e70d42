"""What can be made to go wrong, and the board that holds how the knobs are set now."""

import inspect
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from simulator.errors import Refusal
from simulator.msisdn import parse_msisdn
from simulator.statuses import REFUSED

SEND_FAULTS = ("off", "error_500", "text", "close", "all_failed", "out_of_credit", "hang")
FINAL_REPORTS = ("Success", "Failed", "Rejected", "AbsentSubscriber", "Expired")
HANG_SECONDS = 120
"""No client of ours waits longer, and a forgotten knob must not use up the server's threads."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of knob: what the page draws for it, and what values it takes.

    Attributes:
        drawn: "flag", "number", "choice" or "numbers" (a table of phone number to status code).
        check: takes the knob's name and a JSON value, returns the value to keep, raises Refusal.
        choices: the values of a "choice".
        step: the smallest change of a "number".
    """

    drawn: str
    check: Callable[[str, object], object]
    choices: tuple[str, ...] = ()
    step: str = "1"


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Refusal(f"{name} is either true or false.")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 3_600_000:
        raise Refusal(f"{name} is a whole number from 0 (off) to 3600000.")
    return value


def _share(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Refusal(f"{name} is a number from 0 (off) to 1 (always).")
    return float(value)


def _failing(name: str, value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise Refusal(f"{name} is an object of phone numbers and status codes.")
    for code in value.values():
        if not isinstance(code, int) or code not in REFUSED:
            raise Refusal(f"{name} takes these status codes: {', '.join(map(str, REFUSED))}.")
    return {parse_msisdn(str(number)): code for number, code in value.items()}


def _choice(choices: tuple[str, ...]) -> Kind:
    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Refusal(f"{name} is one of {', '.join(choices)}.")
        return value

    return Kind("choice", check, choices)


FLAG = Kind("flag", _flag)
WHOLE = Kind("number", _whole)
SHARE = Kind("number", _share, step="any")
FAILING = Kind("numbers", _failing)


def _knob(label: str, default: Any, kind: Kind) -> Any:
    return field(default=default, metadata={"label": label, "kind": kind})


@dataclass(frozen=True, slots=True)
class Knobs:
    """How the network misbehaves. Every knob is off until somebody turns it.

    Attributes:
        latency_ms: The gateway waits this long before it carries a USSD hop or answers a send.
        duplicate_first_hop: The first hop of a session reaches Zamu twice, at the same time; the phone sees one answer.
        duplicate_callbacks: Everything posted to Zamu is posted twice: hops, reports, inbound SMS, opt-outs, events.
        late_copies: After each newer hop has been answered, the hop before it is delivered once more.
        drop_after_hops: The network drops the session when Zamu has answered this many hops; the phone does not see
            the last answer.
        early_reports: All delivery reports of a message arrive before the call that sent it has been answered.
        duplicate_reports: Every delivery report is posted twice.
        report_delay_ms: Delivery reports wait this long after the send.
        final_report: The status of the last delivery report. With anything but Success the phone never shows the SMS.
        failing: Phone numbers and the status code their recipient entry carries (401 to 502), inside an HTTP 201.
        fail_rate: The share of other recipients, from 0 to 1, refused with 502 RejectedByGateway inside an HTTP 201.
        send_fault: What a send is answered with. error_500: HTTP 500, nothing taken. text: taken, but answered as
            text/plain. close: taken, then the connection closes in mid-answer. all_failed: HTTP 201 in which every
            recipient failed. out_of_credit: HTTP 201 with 405 for every recipient. hang: taken, and not answered
            until the knob is turned.
        retry_ms: How long a callback that Zamu did not answer with 200 waits before it is posted again; 0 is two
            seconds.
    """

    latency_ms: int = _knob("Delay (ms)", 0, WHOLE)
    duplicate_first_hop: bool = _knob("Send the first hop twice", False, FLAG)
    duplicate_callbacks: bool = _knob("Post everything twice", False, FLAG)
    late_copies: bool = _knob("Late copies of hops", False, FLAG)
    drop_after_hops: int = _knob("Drop the session after this many hops", 0, WHOLE)
    early_reports: bool = _knob("Delivery reports before the answer", False, FLAG)
    duplicate_reports: bool = _knob("Post delivery reports twice", False, FLAG)
    report_delay_ms: int = _knob("Delay of delivery reports (ms)", 0, WHOLE)
    final_report: str = _knob("Last delivery report", "Success", _choice(FINAL_REPORTS))
    failing: dict[str, int] = field(default_factory=dict, metadata={"label": "Failing numbers", "kind": FAILING})
    fail_rate: float = _knob("Share of other numbers that fail (0 to 1)", 0.0, SHARE)
    send_fault: str = _knob("What goes wrong with a send", "off", _choice(SEND_FAULTS))
    retry_ms: int = _knob("Wait before posting again (ms)", 0, WHOLE)

    @property
    def latency_seconds(self) -> float:
        return self.latency_ms / 1000

    @property
    def report_delay_seconds(self) -> float:
        return self.report_delay_ms / 1000

    @property
    def retry_seconds(self) -> float:
        return self.retry_ms / 1000 or 2.0


def parse_knobs(values: object) -> Knobs:
    """Knobs from a JSON object; what is left out is off.

    Raises:
        Refusal: not an object, a name that is no knob, or a value the knob does not take.
    """
    if not isinstance(values, Mapping):
        raise Refusal("Send the knobs as a JSON object of names and values.")
    kinds = {knob.name: knob.metadata["kind"] for knob in fields(Knobs)}
    for name in values:
        if name not in kinds:
            raise Refusal(f"There is no knob called {name}; these exist: {', '.join(kinds)}.")
    return replace(Knobs(), **{name: kinds[name].check(name, value) for name, value in values.items()})


def knobs_as_json(knobs: Knobs) -> dict[str, Any]:
    """Every knob by name, as `parse_knobs` takes them."""
    return asdict(knobs)


@dataclass(frozen=True, slots=True)
class KnobHelp:
    """What the page shows for a knob: its label, its kind, and its paragraph from the docstring of Knobs."""

    name: str
    label: str
    kind: Kind
    help: str


def knob_help() -> list[KnobHelp]:
    """Every knob with its documentation, in the order of the dataclass."""
    attributes = inspect.getdoc(Knobs) or ""
    paragraphs = dict(re.findall(r"^    (\w+): (.+(?:\n        .+)*)", attributes, flags=re.MULTILINE))
    return [
        KnobHelp(knob.name, **knob.metadata, help=" ".join(paragraphs[knob.name].split())) for knob in fields(Knobs)
    ]


class KnobBoard:
    """How the knobs are set now; shared by all threads."""

    def __init__(self) -> None:
        self._knobs = Knobs()
        self._turned = threading.Condition()
        self._stopped = False

    @property
    def now(self) -> Knobs:
        """A snapshot: read it once for each thing the network does."""
        return self._knobs

    def turn(self, knobs: Knobs) -> None:
        """Set all knobs, and let go of the calls that `hang` holds."""
        with self._turned:
            self._knobs = knobs
            self._turned.notify_all()

    def hang(self) -> None:
        """Return when `send_fault` is no longer "hang", at the end of the simulator, or after two minutes."""
        with self._turned:
            self._turned.wait_for(lambda: self._stopped or self._knobs.send_fault != "hang", timeout=HANG_SECONDS)

    def stop(self) -> None:
        """Let go of the calls that `hang` holds, for good."""
        with self._turned:
            self._stopped = True
            self._turned.notify_all()
