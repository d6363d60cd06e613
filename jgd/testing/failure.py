"""CheckFailure: which check, which hyperparameter, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class CheckFailure(AssertionError):
    """A check of `jgd.testing` that a method fails.

    Args:
        check: The check's name, a key of `jgd.testing.CHECKS`.
        reason: What is wrong.
        advice: What to do about it.
        hyperparameter: The name of the hyperparameter that it concerns, if one.
    """

    def __init__(self, check: str, reason: str, advice: str, hyperparameter: str | None = None):
        self.check, self.reason, self.advice, self.hyperparameter = check, reason, advice, hyperparameter
        of = f" for {hyperparameter}" if hyperparameter else ""
        super().__init__(f"check {check!r} fails{of}: {reason}\n{advice}")


@contextmanager
def explained(check: str, advice: str, hyperparameter: str | None = None) -> Iterator[None]:
    """Every exception inside is a `CheckFailure` with this advice: a comparison's, the method's own, and JAX's."""
    try:
        yield
    except CheckFailure:
        raise
    except Exception as fault:
        reason = str(fault) if isinstance(fault, AssertionError) else f"{type(fault).__name__}: {fault}"
        raise CheckFailure(check, reason, advice, hyperparameter) from fault
