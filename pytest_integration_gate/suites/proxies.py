"""What the fixture `gate_faults` gives: proxies, and the words for their scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_integration_gate.suites import faults
from pytest_integration_gate.suites.extras import needs
from pytest_integration_gate.suites.loop import LoopThread
from pytest_integration_gate.suites.proxy import Proxy

if TYPE_CHECKING:
    from pytest_integration_gate.suites.http_proxy import HttpProxy, Per
    from pytest_integration_gate.suites.tcp_proxy import TcpProxy


class Faults:
    """Puts faults in front of real servers, or of stubs that listen on a port."""

    ok = staticmethod(faults.ok)
    status = staticmethod(faults.status)
    timeout = staticmethod(faults.timeout)
    reset = staticmethod(faults.reset)
    refused = staticmethod(faults.refused)
    latency = staticmethod(faults.latency)
    slow_body = staticmethod(faults.slow_body)
    truncated_body = staticmethod(faults.truncated_body)
    garbage = staticmethod(faults.garbage)

    def __init__(self) -> None:
        self._loop: LoopThread | None = None
        self._proxies: list[Proxy] = []

    def http(self, upstream: str, *, per: Per = "request", patience: float = 60.0, seed: int = 0) -> HttpProxy:
        """Put a proxy in front of the HTTP server at a URL.

        `per` says whether the script is followed request by request or connection by connection; `patience` is how many
        seconds a caller or the server may keep the proxy waiting; `seed` makes another jitter.
        """
        with needs("faults", "gate_faults.http"):
            from pytest_integration_gate.suites.http_proxy import HttpProxy

        proxy = HttpProxy(self._running_loop(), upstream, per=per, patience=patience, seed=seed)
        self._proxies.append(proxy)
        return proxy

    def tcp(self, host: str, port: int = 0, *, patience: float = 60.0, seed: int = 0) -> TcpProxy:
        """Put a proxy in front of whatever listens on a TCP port: a database, a cache, a broker.

        A `host` that begins with ``/`` is a socket in the file system; the proxy itself has a port in any case.
        """
        from pytest_integration_gate.suites.tcp_proxy import TcpProxy

        proxy = TcpProxy(self._running_loop(), host, port, patience=patience, seed=seed)
        self._proxies.append(proxy)
        return proxy

    def close(self) -> None:
        """End all proxies."""
        if self._loop is not None:
            for proxy in self._proxies:
                self._loop.call(proxy.close)
            self._loop.close()

    def _running_loop(self) -> LoopThread:
        if self._loop is None:
            self._loop = LoopThread("gate_faults")
        return self._loop
