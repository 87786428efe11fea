"""The samples of a load run, kept as a histogram, and the figures that are read from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from hdrh.histogram import HdrHistogram

from pytest_integration_gate.values import dataclass

PERCENTILES = (50, 90, 95, 99)

_LONGEST = 3_600_000_000
"""Microseconds that the histogram reaches to: an hour."""
_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Figures of the time that answers took, in milliseconds."""

    avg_response_time: float
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFigures:
    """What a load run measured. Times are in milliseconds, `throughput` is in answers a second.

    A time-out counts among the times with as long as it was waited for; what got no answer for another reason has no
    time and stands in `errors`, with how often each kind happened. `success_rate` is the share of requests that got the
    answer that was wanted. `client_lag` is how late the client itself sent the latest of 99 % of the requests of an
    open loop. `floor` are the figures of the same client against a server that answers at once: nothing below them can
    be measured. `memory_mb` and `cpu_percent` are the highest memory and the mean load of watched processes.
    """

    requests: int
    answers: int
    duration: float
    throughput: float
    success_rate: float
    latencies: Latencies | None
    errors: Mapping[str, int] = field(default_factory=dict)
    client_lag: float | None = None
    floor: Latencies | None = None
    ceiling: float | None = None
    memory_mb: Mapping[str, float] = field(default_factory=dict)
    cpu_percent: Mapping[str, float] = field(default_factory=dict)

    def __getattr__(self, name: str) -> float:
        """Give the figures of `latencies` by their own names: ``figures.p95``."""
        if name not in Latencies.__slots__:
            raise AttributeError(name)
        if self.latencies is None:
            raise AttributeError(f"{name}: no request was answered")
        return float(getattr(self.latencies, name))


class Samples:
    """Takes samples and bounds what it keeps: a histogram with three significant digits, whatever their number."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, _LONGEST, _DIGITS)
        self._lags = HdrHistogram(1, _LONGEST, _DIGITS)
        self._sum = 0.0
        self._shortest = float("inf")
        self._longest = 0.0
        self._timed = 0
        self.answers = 0
        self.successes = 0
        self.errors: Counter[str] = Counter()

    @property
    def requests(self) -> int:
        """How many requests were sampled."""
        return self.successes + self.errors.total()

    def add(self, seconds: float, error: str = "", *, is_answer: bool = True) -> None:
        """Take one sample: how long it took, and what kind of error it was if it was one."""
        if error:
            self.errors[error] += 1
        else:
            self.successes += 1
        self.answers += is_answer
        if is_answer or error == "timeout":
            self._timed += 1
            self._sum += seconds
            self._shortest = min(self._shortest, seconds)
            self._longest = max(self._longest, seconds)
            self._histogram.record_value(max(1, int(seconds * 1e6)))

    def add_lag(self, seconds: float) -> None:
        """Note how late the client sent a request."""
        self._lags.record_value(max(1, int(seconds * 1e6)))

    @property
    def lag(self) -> float:
        """The lag that 99 % of the requests stayed below, in milliseconds."""
        return float(self._lags.get_value_at_percentile(99)) / 1000

    def latencies(self) -> Latencies | None:
        """Return the figures of the times, None when there is none."""
        if not self._timed:
            return None
        found = self._histogram.get_percentile_to_value_dict(PERCENTILES)
        values = {f"p{at}": _rounded(min(max(found[at] / 1e6, self._shortest), self._longest)) for at in PERCENTILES}
        return Latencies(
            avg_response_time=_rounded(self._sum / self._timed),
            min=_rounded(self._shortest),
            max=_rounded(self._longest),
            **values,
        )


def _rounded(seconds: float) -> float:
    return round(seconds * 1000, 3)
