"""check_transform and check_optimizer: what jgd asks of its own methods, asked of yours."""

from collections.abc import Callable, Iterable, Mapping

from jgd.core import checks
from jgd.core.optimizer import Optimizer, TransformLike, as_transform
from jgd.testing import hyperparameters as data
from jgd.testing import loops, states, trees
from jgd.testing.failure import explained
from jgd.testing.hooks import hooks
from jgd.testing.problem import Problem, default
from jgd.testing.subject import Subject, of_transform, rules_of

CHECKS: dict[str, Callable[[Subject], None]] = {
    "abstract init": states.abstract_init,
    "updates like params": trees.updates_like_params,
    "bad values refused": data.bad_values_refused,
    "one structure": states.one_structure,
    "hooks": hooks,
    "compiled like eager": loops.compiled_like_eager,
    "nothing aliases": states.nothing_aliases,
    "any tree": trees.any_tree,
    "zero gradients": states.zero_gradients,
    "dtypes": trees.dtypes,
    "mixed dtypes": trees.mixed_dtypes,
    "scan like loop": loops.scan_like_loop,
    "saved like kept": states.saved_like_kept,
    "late clock": states.late_clock,
    "one program": data.one_program,
    "traced like concrete": data.traced_like_concrete,
    "vmapped like looped": data.vmapped_like_looped,
    "scheduled": data.scheduled,
    "differentiable": data.differentiable,
}

RAISED = (
    "The method raised this before anything could be compared. Where a traced number's value is missing, a Python `if`, "
    "float() or int() asks for it: use jnp.where and arrays, or make the field structure with jgd.static_field()."
)


def check_optimizer(
    build: Callable[..., Optimizer],
    hyperparameters: Mapping[str, float],
    *,
    fixed: Iterable[str] = (),
    downhill: bool = False,
    problem: Problem | None = None,
    only: Iterable[str] | None = None,
    skip: Iterable[str] = (),
) -> None:
    """Ask of an optimizer's builder what jgd asks of its own; returns None where all holds.

    Args:
        build: `build(**hyperparameters)` is an `Optimizer`.
        hyperparameters: The numbers to check it at; every one is traced, vmapped, scheduled and made bad in turn. Choose
            numbers that do something within five steps from parameters around 1.
        fixed: Names among them that take no schedule.
        downhill: Ask too that the first step at a gradient w = 1 makes every entry smaller.
        problem: What to descend. Default: a quartic with noise, on two leaves.
        only: Names of the checks to make, in place of all of `jgd.testing.CHECKS`.
        skip: Names of the checks to leave out.

    Raises:
        CheckFailure: At the first check that fails; it names the check, the hyperparameter and what to do.

    Example:
        >>> import jgd
        >>> check_optimizer(jgd.optimizers.momentum, {"learning_rate": 0.1, "momentum": 0.9}, only=["one program"])
    """
    numbers = dict(hyperparameters)
    rules = rules_of(checks.function("build", build)(**numbers), numbers)
    _make(Subject(build, numbers, frozenset(fixed), rules, downhill, problem or default()), only, skip)


def check_transform(
    transform: TransformLike,
    *,
    downhill: bool = False,
    problem: Problem | None = None,
    only: Iterable[str] | None = None,
    skip: Iterable[str] = (),
) -> None:
    """Ask of a transform what jgd asks of its own; returns None where all holds.

    It is checked in a chain with plain descent (learning rate 0.05), or by itself where it has a learning rate. Its
    hyperparameters are its fields that hold one number, and those of the records within; whether one takes a schedule,
    and its rule, is what its `jgd.hyper` says.

    Args:
        transform: The transform, with numbers that do something within five steps from parameters around 1.
        downhill: As in `check_optimizer`.
        problem: As in `check_optimizer`.
        only: As in `check_optimizer`.
        skip: As in `check_optimizer`.

    Raises:
        CheckFailure: At the first check that fails; it names the check, the hyperparameter and what to do.

    Example:
        >>> import jgd
        >>> check_transform(jgd.transforms.ClipByGlobalNorm(0.5), only=["dtypes", "bad values refused"])
    """
    _make(
        of_transform(as_transform(transform, "check_transform"), downhill=downhill, problem=problem or default()),
        only,
        skip,
    )


def _make(subject: Subject, only: Iterable[str] | None, skip: Iterable[str]) -> None:
    names = list(CHECKS) if only is None else [checks.choice("check", name, CHECKS) for name in only]
    left_out = {checks.choice("check", name, CHECKS) for name in skip}
    for name in names:
        if name not in left_out:
            with explained(name, RAISED):
                CHECKS[name](subject)
