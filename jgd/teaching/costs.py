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
from jgd.core.types import Batch, Loss, Params
from jgd.gradients.curvature import MEMORY, on_vector
from jgd.losses import SupervisedLoss
from jgd.models import Linear


@dataclass(frozen=True)
class Cost:
    """Floating-point operations of one evaluation each, for one loss with d parameters.

    forward: the loss. gradient: value and gradient together. product: Hessian times a vector. hessian: the matrix;
    None where it is too large to compile.
    """

    d: int
    forward: float
    gradient: float
    product: float
    hessian: float | None


def cost(loss: Loss, params: Params, batch: Batch) -> Cost:
    """The operations that XLA counts in the compiled programs for `loss` on this device; nothing is run.

    A count of what the compiler kept, not a time; a loop (scan, while) counts as one turn of its body.
    Raises `JgdValueError` on a device whose compiler doesn't count, and for a loss without such operations.

    >>> found = cost(lambda w, batch: jnp.sum(jnp.sin(batch @ w)), jnp.ones(8), jnp.ones((32, 8)))
    >>> found.d, 1 < found.gradient / found.forward < 5
    (8, True)
    """
    x = on_vector(loss, params, batch)[1]
    value = lambda x, batch: on_vector(loss, params, batch)[0](x)  # the batch an argument: a constant would be folded
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
    """Costs of one family of losses against d; printed as a table of ratios."""

    rows: tuple[Cost, ...]

    def to_dict(self) -> dict[str, list[Any]]:
        """Each of `Cost`'s fields as a column."""
        return {name: [asdict(row)[name] for row in self.rows] for name in Cost.__dataclass_fields__}

    def __str__(self) -> str:
        head = f"{'d':>8} {'forward':>12} {'gradient':>12} {'H·v':>12} {'Hessian':>12}"
        head += f" {'grad/fwd':>9} {'H·v/grad':>9} {'H/grad':>9}"
        lines = [head, "-" * len(head)]
        for row in self.rows:
            whole = f"{row.hessian:>12.4g}" if row.hessian else f"{'too large':>12}"
            ratio = f"{row.hessian / row.gradient:>9.2f}" if row.hessian else f"{'–':>9}"
            lines.append(
                f"{row.d:>8} {row.forward:>12.4g} {row.gradient:>12.4g} {row.product:>12.4g} {whole} "
                f"{row.gradient / row.forward:>9.2f} {row.product / row.gradient:>9.2f} {ratio}"
            )
        return "\n".join(lines)


def linear_problem(d: int, rows: int = 64) -> tuple[Loss, Params, Batch]:
    """Linear regression with d weights on `rows` examples: (loss, params, batch), for counting only."""
    model = Linear(d, bias=False)
    params = model.init(jax.random.key(0))
    batch = (jnp.ones((rows, d), jnp.float32), jnp.zeros(rows, jnp.float32))
    return SupervisedLoss(model, "squared_error"), params, batch


def cost_table(
    sizes: Sequence[int] = (8, 32, 128),
    problem: Callable[[int], tuple[Loss, Params, Batch]] = linear_problem,
) -> CostTable:
    """`cost` of `problem(size)` for each size: -> `CostTable`. problem: size -> (loss, params, batch).

    >>> table = cost_table((4, 16))
    >>> [round(row.hessian / row.gradient / row.d) for row in table.rows]
    [1, 1]
    """
    if not callable(problem):
        raise checks.JgdTypeError(f"problem must be a function size -> (loss, params, batch), got {problem!r}")
    if not sizes:
        raise checks.JgdValueError("sizes must name at least one size, got none")
    return CostTable(tuple(cost(*problem(checks.count("sizes", size, 1))) for size in sizes))


def _operations(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    analysis = jax.jit(function).lower(*arguments).compile().cost_analysis()
    analysis = analysis[0] if isinstance(analysis, list) else analysis  # one a device in older versions
    if not analysis:
        raise checks.JgdValueError(f"the compiler for {jax.default_backend()} doesn't count operations; use a CPU")
    if "flops" not in analysis:
        raise checks.JgdValueError("XLA counts no floating-point operation in this loss or its derivatives: no ratio")
    return float(analysis["flops"])
