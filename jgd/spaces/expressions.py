"""Layer 1. Enters: a formula of names, as text. Leaves: its values, for a whole column of configs at once.

Text, and not a function, so that a file can hold it, and a directory that somebody sent can be looked at: what is not
arithmetic and comparisons is refused before anything is computed.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jgd.core import checks

LONGEST = 1000  # characters: deep nesting takes Python's stack


def _power(base: float, exponent: float) -> float:
    """Of floats: 9 ** 9 ** 9 of whole numbers would never end."""
    return float(base) ** float(exponent)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{"min": min, "max": max, "abs": abs, "round": round, "floor": math.floor, "ceil": math.ceil},
    **{"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log2": math.log2, "log10": math.log10},
}
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.USub, ast.UAdd)
_LOGIC = (ast.Not, ast.And, ast.Or, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.In, ast.NotIn)
_FORMS = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Tuple, ast.List, ast.Constant)
_GRAMMAR = (
    f"+ - * / // % **, comparisons, and, or, not, in, … if … else …, and {', '.join(FUNCTIONS)} of names, numbers and "
    "words to compare with"
)


@dataclass(frozen=True)
class Expression:
    """A formula such as "steps - warmup" or "b1 < b2", in Python's grammar; element i of a vector is "rates[0]".

    >>> Expression("0.1 * rate if kind == 'adam' else rate").names
    ('kind', 'rate')
    >>> Expression("max(a, 1) * rates[0]").each({"a": [0, 3], "rates[0]": [2.0, 2.0]})
    [2.0, 6.0]
    """

    text: str

    def __post_init__(self) -> None:
        _ = self._function

    @cached_property
    def _parsed(self) -> "_Names":
        if not isinstance(self.text, str):
            raise checks.JgdTypeError(f"a formula must be text, such as 'b1 < b2', got {checks.shown(self.text)}")
        try:
            if len(self.text) > LONGEST:
                raise ValueError(f"it has more than {LONGEST} characters")
            tree = ast.parse(self.text.strip(), mode="eval")
            names = _Names()
            names.tree = ast.fix_missing_locations(ast.Expression(names.visit(tree.body)))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            said = error.msg if isinstance(error, SyntaxError) else error
            raise checks.JgdValueError(
                f"a formula must be made of {_GRAMMAR}; got {checks.shown(self.text)}: {said}"
            ) from error
        return names

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, each once."""
        return tuple(self._parsed.found)

    @property
    def calculates_with(self) -> frozenset[str]:
        """The names that have to be numbers: all but those that are compared only."""
        return frozenset(self._parsed.numbers)

    @cached_property
    def _function(self) -> Callable[..., Any]:
        places = ", ".join(self._parsed.found.values())
        made: Any = ast.parse(f"lambda {places}: 0", mode="eval")
        made.body.body = self._parsed.tree.body
        code = compile(ast.fix_missing_locations(made), "formula", "eval", dont_inherit=True)
        return eval(code, {"__builtins__": {}, "_power": _power, **FUNCTIONS})  # every part of it was looked at

    def each(self, columns: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Its value in each config; the columns hold at least its names, and a value for each."""
        mine = [columns[name] for name in self.names]
        function = self._function
        if not mine:
            return [self.of({})] * max((len(column) for column in columns.values()), default=0)
        try:
            return [function(*row) for row in zip(*mine, strict=True)]
        except (ArithmeticError, TypeError, ValueError):
            return [self.of(dict(zip(self.names, row, strict=True))) for row in zip(*mine, strict=True)]

    def of(self, config: Mapping[str, Any]) -> Any:
        """Its value in one config."""
        given = {name: config[name] for name in self.names}
        try:
            return self._function(*given.values())
        except (ArithmeticError, TypeError, ValueError) as error:
            words = ", ".join(f"{name}={value!r}" for name, value in given.items())
            raise checks.JgdValueError(f"{self.text!r} has no value at {words}: {error}", argument="space") from error

    def __str__(self) -> str:
        return self.text


class _Names(ast.NodeTransformer):
    """Names become places, refused forms a ValueError; a power becomes one of floats."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.numbers: set[str] = set()
        self.compared = False  # whether the node that is visited is an operand of a comparison
        self.tree: Any = None

    def visit(self, node: ast.AST) -> Any:
        compared, self.compared = self.compared, False
        if isinstance(node, ast.Name | ast.Subscript):
            return self._place(node, compared)
        if not isinstance(node, (*_FORMS, *_ARITHMETIC, *_LOGIC, ast.Load)):
            raise ValueError(f"it has {ast.unparse(node) or type(node).__name__!r}")
        if isinstance(node, ast.Constant) and not self._good(node.value, compared):
            raise ValueError(f"it has {node.value!r} where a number is due")
        if isinstance(node, ast.Tuple | ast.List):
            return self._listed(node, compared)
        if isinstance(node, ast.Compare):
            return ast.Compare(self._operand(node.left), node.ops, [self._operand(each) for each in node.comparators])
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
                raise ValueError(f"it calls {ast.unparse(node.func)}")
            return ast.Call(node.func, [self.visit(each) for each in node.args], [])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return ast.Call(ast.Name("_power", ast.Load()), [self.visit(node.left), self.visit(node.right)], [])
        return self.generic_visit(node)

    def _operand(self, node: ast.expr) -> Any:
        self.compared = True
        return self.visit(node)

    def _listed(self, node: ast.Tuple | ast.List, compared: bool) -> ast.Tuple:
        if not compared:
            raise ValueError("it has a list that nothing is compared with")
        return ast.Tuple([self._operand(each) for each in node.elts], ast.Load())

    def _place(self, node: ast.Name | ast.Subscript, compared: bool) -> ast.Name:
        indexed = isinstance(node, ast.Subscript)
        if indexed and not (isinstance(node.value, ast.Name) and isinstance(getattr(node.slice, "value", None), int)):
            raise ValueError(f"it has {ast.unparse(node)}")
        name = ast.unparse(node)
        if not compared:
            self.numbers.add(name)
        return ast.Name(self.found.setdefault(name, f"_{len(self.found)}"), ast.Load())

    @staticmethod
    def _good(value: Any, compared: bool) -> bool:
        return isinstance(value, int | float) or (compared and isinstance(value, str | None))
