"""What derivatives cost, counted by XLA itself: forward : gradient : Hessian·vector : Hessian, against d.

    gradient ≈ 2 to 3 forward passes        whatever d: reverse mode walks the program once, backwards
    Hessian·vector ≈ 1 to 2.5 gradients     whatever d
    Hessian ≈ d gradients, and d² numbers   one product for each column

That is why first-order methods win: at d = 10⁶ one Hessian costs what a million gradient steps do.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jgd.core import checks
from jgd.core.text import align_columns
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.hessian_products import MEMORY, loss_on_vector
from jgd.losses import SupervisedLoss
from jgd.models import Linear


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one evaluation each, for one loss.

    Attributes:
        d: Number of parameters.
        forward: Of the loss.
        gradient: Of value and gradient together.
        product: Of the Hessian times a vector.
        hessian: Of the matrix; None where it is too large to compile.
    """

    d: int
    forward: float
    gradient: float
    product: float
    hessian: float | None


def cost(loss: Loss, params: Params, batch: Batch) -> Cost:
    """The operations that XLA counts in the compiled programs for a loss on this device; nothing is run.

    A count of what the compiler kept, not a time; a loop (scan, while) counts as one turn of its body.

    Args:
        loss: A function (params, batch) -> one real floating number.
        params: Tree of floating arrays.
        batch: Tree of arrays, or None.

    Returns:
        The counts.

    Raises:
        JgdTypeError: The loss is no function of (params, batch), or a leaf is not floating.
        JgdValueError: The device's compiler doesn't count, or the loss has no such operation.

    Example:
        >>> found = cost(lambda w, batch: jnp.sum(jnp.sin(batch @ w)), jnp.ones(8), jnp.ones((32, 8)))
        >>> found.d, 1 < found.gradient / found.forward < 5
        (8, True)
    """
    x = loss_on_vector(loss, params, batch)[1]
    value = lambda x, batch: loss_on_vector(loss, params, batch)[0](
        x
    )  # the batch an argument: a constant would be folded
    gradient = jax.grad(value)
    programs: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "forward": (value, (x, batch)),
        "gradient": (jax.value_and_grad(value), (x, batch)),
        "product": (lambda x, batch, v: jax.jvp(lambda at: gradient(at, batch), (x,), (v,))[1], (x, batch, x)),
    }
    if x.size**2 * x.dtype.itemsize <= MEMORY:
        programs["hessian"] = (jax.jacfwd(gradient), (x, batch))
    counted = {name: _operations(*program) for name, program in programs.items()}
    return Cost(d=x.size, **{"hessian": None, **counted})


@dataclass(frozen=True)
class CostTable:
    """Costs of one family of losses against d; printed as a table of ratios.

    Attributes:
        rows: One `Cost` a size.
    """

    rows: tuple[Cost, ...]

    def to_dict(self) -> dict[str, list[Any]]:
        """Each of `Cost`'s fields as a column."""
        return {name: [asdict(row)[name] for row in self.rows] for name in Cost.__dataclass_fields__}

    def __str__(self) -> str:
        heads = ("d", "forward", "gradient", "H·v", "Hessian", "grad/fwd", "H·v/grad", "H/grad")
        lines = align_columns([heads, *map(_cells, self.rows)], right=range(len(heads)))
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(row: Cost) -> tuple[str, ...]:
    counts = (f"{row.forward:.4g}", f"{row.gradient:.4g}", f"{row.product:.4g}")
    matrix, ratio = (
        ("too large", "–") if row.hessian is None else (f"{row.hessian:.4g}", f"{row.hessian / row.gradient:.2f}")
    )
    return (
        str(row.d),
        *counts,
        matrix,
        f"{row.gradient / row.forward:.2f}",
        f"{row.product / row.gradient:.2f}",
        ratio,
    )


def linear_problem(d: int, rows: int = 64) -> tuple[Loss, Params, Batch]:
    """Linear regression with d weights on some examples, for counting only.

    Args:
        d: Number of weights.
        rows: Number of examples.

    Returns:
        (loss, params, batch).
    """
    model = Linear(d, bias=False)
    params = model.init(jax.random.key(0))
    batch = (jnp.ones((rows, d), jnp.float32), jnp.zeros(rows, jnp.float32))
    return SupervisedLoss(model, "squared_error"), params, batch


def cost_table(
    sizes: Sequence[int] = (8, 32, 128),
    problem: Callable[[int], tuple[Loss, Params, Batch]] = linear_problem,
) -> CostTable:
    """The costs of a family of losses, size by size.

    Args:
        sizes: At least one size, each ≥ 1.
        problem: A function size -> (loss, params, batch); by default linear regression with `size` weights.

    Returns:
        The table.

    Raises:
        JgdTypeError: `problem` is no function of one argument.
        JgdValueError: No size, or as in `cost`.

    Example:
        >>> table = cost_table((4, 16))
        >>> [round(row.hessian / row.gradient / row.d) for row in table.rows]
        [1, 1]
    """
    if not callable(problem):
        raise checks.JgdTypeError(
            f"problem must be a function size -> (loss, params, batch), got {checks.shown(problem)}", argument="problem"
        )
    checks.takes("problem", problem, "size")
    if not sizes:
        raise checks.JgdValueError("sizes must name at least one size, got none", argument="sizes")
    return CostTable(tuple(cost(*problem(checks.count("sizes", size, 1))) for size in sizes))


def _operations(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    analysis = jax.jit(function).lower(*arguments).compile().cost_analysis()
    analysis = analysis[0] if isinstance(analysis, list) else analysis  # one a device in older versions
    if not analysis:
        raise checks.JgdValueError(f"the compiler for {jax.default_backend()} doesn't count operations; use a CPU")
    if "flops" not in analysis:
        raise checks.JgdValueError("XLA counts no floating-point operation in this loss or its derivatives: no ratio")
    return float(analysis["flops"])
