"""Symbolic differentiation with sympy: an expression, its gradient as expressions, both lowered to JAX.

    "(y - w*x)**2" ─► sympy ─► ∂/∂w: -2*x*(y - w*x) ─► lambdify(…, "jax") ─► functions of arrays

For reading a gradient, not for training. It works for some classes of functions only, and refuses the others by name:

* what has no closed form: an unknown function f(x), an integral or a sum that sympy leaves standing;
* what is a program: a Python function with its branches, loops and random numbers is no expression (`jax.grad` takes
  it); a branch can be written as `Piecewise`, and is differentiated piece by piece, as if its borders were nowhere;
* what is big: derivatives of products of many factors swell, where `jax.grad` costs a few evaluations of the loss for
  any number of parameters. Above `LIMIT` operations it stops and says so. A model with matrices has no symbols for
  its entries to begin with.

Needs sympy (the extra `symbolic`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jgd.core import checks

LIMIT = 10_000  # operations in an expression or in one of its derivatives


@dataclass(frozen=True)
class Symbolic:
    """An expression of real variables and its gradient: sympy's to read, JAX's to call. Made by `differentiate`.

    Attributes:
        expression: Sympy's.
        gradient: name -> sympy's derivative by it.
        variables: Every name in the expression, sorted.
    """

    expression: Any
    gradient: dict[str, Any]
    variables: tuple[str, ...]
    _value: Any = field(repr=False)
    _slopes: dict[str, Any] = field(repr=False)

    def value(self, **values: Any) -> Array:
        """The expression at arrays (or numbers) for all variables, entry by entry; jit, vmap and grad work on it."""
        return self._value(*self._arrays(values))

    def derivatives(self, **values: Any) -> dict[str, Array]:
        """∂expression/∂name by name, entry by entry, in the shape of the value."""
        arrays = self._arrays(values)
        shape = jnp.broadcast_shapes(*(a.shape for a in arrays)) if arrays else ()
        return {name: jnp.broadcast_to(jnp.asarray(slope(*arrays)), shape) for name, slope in self._slopes.items()}

    def _arrays(self, values: dict[str, Any]) -> list[Array]:
        for name in values:
            checks.choice("variable", name, self.variables)
        missing = [name for name in self.variables if name not in values]
        if missing:
            raise checks.JgdValueError(f"the expression needs a value for {', '.join(missing)}")
        arrays = [jnp.asarray(values[name]) for name in self.variables]
        for name, array in zip(self.variables, arrays, strict=True):
            if jnp.issubdtype(array.dtype, jnp.complexfloating):
                raise checks.JgdTypeError(f"{name} must be real, got dtype {array.dtype}", argument=name)
        # a whole number means its value, not integer arithmetic
        floating = lambda a: jnp.issubdtype(a.dtype, jnp.floating)
        return [a if floating(a) else a.astype(jnp.result_type(float)) for a in arrays]

    def __str__(self) -> str:
        lines = [f"f = {self.expression}", *(f"∂f/∂{name} = {slope}" for name, slope in self.gradient.items())]
        return "\n".join(lines)


def differentiate(expression: Any, by: str | Sequence[str], *, limit: int = LIMIT) -> Symbolic:
    """The gradient of an expression with respect to some of its variables.

    Args:
        expression: A sympy expression, or a string that sympy reads (**it is evaluated as code: never take one from a
            stranger**). Its variables are taken as real.
        by: Names of variables, at least one.
        limit: Operations in the expression or a derivative at which to stop.

    Returns:
        The expression and its derivatives.

    Raises:
        ImportError: Without sympy.
        JgdTypeError: `expression` is none.
        JgdValueError: An unknown variable, a function without a closed form, or an expression that is too big.

    Example:
        >>> import pytest; _ = pytest.importorskip("sympy")
        >>> form = differentiate("(y - w*x)**2", by=["w"])
        >>> print(form)
        f = (-w*x + y)**2
        ∂f/∂w = -2*x*(-w*x + y)
        >>> form.derivatives(w=1.0, x=3.0, y=6.0)["w"].item()
        -18.0
    """
    sympy = _sympy()
    form = _expression(sympy, expression)
    by = [by] if isinstance(by, str) else list(by)
    symbols = {symbol.name: symbol for symbol in form.free_symbols}
    if not by:
        raise checks.JgdValueError("by must name at least one variable, got none", argument="by")
    for name in by:
        checks.choice("variable", name, sorted(symbols))
    _fits(form, "the expression", limit)
    gradient = {name: sympy.diff(form, symbols[name]) for name in by}
    for name, slope in gradient.items():
        _fits(slope, f"its derivative by {name}", limit)
    for what, found in (("the expression", form), *((f"its derivative by {name}", s) for name, s in gradient.items())):
        _closed(sympy, what, found)
    variables = tuple(sorted(symbols))
    lower = lambda f: jax.jit(sympy.lambdify([symbols[name] for name in variables], f, "jax", cse=True))
    return Symbolic(form, gradient, variables, lower(form), {name: lower(slope) for name, slope in gradient.items()})


def _sympy() -> ModuleType:
    try:
        import sympy
    except ImportError as missing:
        raise ImportError("symbolic differentiation needs sympy: pip install 'jgd[symbolic]'") from missing
    return sympy


def _expression(sympy: ModuleType, expression: Any) -> Any:
    """A scalar sympy expression in real symbols."""
    if isinstance(expression, str):
        try:
            # S, N, E, I and others would be read as sympy's own; a lone letter of a formula is a variable
            letters = {letter: sympy.Symbol(letter, real=True) for letter in "CEINOQS"}
            expression = sympy.sympify(expression, locals=letters)
        except (sympy.SympifyError, SyntaxError, TypeError, AttributeError) as error:
            raise checks.JgdValueError(
                f"expression must be one that sympy reads, got {checks.shown(expression)}", argument="expression"
            ) from error
    if not isinstance(expression, sympy.Expr):
        hint = "; a Python function is a program, not an expression: jax.grad takes it" if callable(expression) else ""
        raise checks.JgdTypeError(
            f"expression must be a string or a scalar sympy expression, got {checks.shown(expression)}{hint}",
            argument="expression",
        )
    if expression.free_symbols and not all(isinstance(s, sympy.Symbol) for s in expression.free_symbols):
        raise checks.JgdTypeError(f"expression must be made of scalar symbols, got {expression}", argument="expression")
    # a symbol that might be complex would make derivatives of |x| that have no closed form
    real = {s: sympy.Symbol(s.name, real=True) for s in expression.free_symbols if not s.is_real}
    return expression.xreplace(real)


def _fits(form: Any, what: str, limit: int) -> None:
    size = int(form.count_ops())
    if size > limit:
        raise checks.JgdValueError(
            f"{what} has {size} operations, above limit={limit}: symbolic differentiation swells on big models; "
            "jax.grad costs a few evaluations of the loss whatever its size"
        )


def _closed(sympy: ModuleType, what: str, form: Any) -> None:
    kinds = (sympy.Derivative, sympy.Subs, sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)
    bad = form.atoms(sympy.core.function.AppliedUndef, sympy.DiracDelta, *kinds)
    if bad:
        raise checks.JgdValueError(
            f"{what} has no closed form: it contains {', '.join(sorted(map(str, bad)))}; write it as a JAX function "
            "and let jax.grad differentiate the program"
        )
