"""A Dask scheduler named on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jgd.core import checks


@contextmanager
def dask_client(address: str | None) -> Iterator[Any]:
    """A client of the scheduler at an address, closed in the end; None without one."""
    if address is None:
        yield None
        return
    try:
        import distributed
    except ImportError:
        raise checks.JgdValueError("--dask needs Dask: pip install 'jgd[cluster]'") from None
    try:
        client = distributed.Client(address, timeout="10s")
    except (OSError, ValueError, TypeError) as fault:
        raise checks.JgdValueError(f"--dask {address}: no scheduler answers there ({fault})") from fault
    with client:
        yield client
