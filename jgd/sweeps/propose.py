"""A sweep whose configs are proposed batch by batch, by the scores so far."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from jgd.core import checks
from jgd.spaces.proposer import Proposer
from jgd.spaces.space import Config
from jgd.sweeps.arguments import executor_of
from jgd.sweeps.engine.executor import Executor
from jgd.sweeps.engine.progress import SweepProgress
from jgd.sweeps.execute import execute
from jgd.sweeps.extend import grown
from jgd.sweeps.plan import Plan
from jgd.sweeps.policies.policy import Full
from jgd.sweeps.proposers.optuna_sampler import OptunaSampler
from jgd.sweeps.store.manifest import stored_rows
from jgd.sweeps.sweep_data import SweepData


def propose(
    data: SweepData,
    proposer: Proposer | Mapping[str, Proposer],
    batches: int,
    batch: int,
    callback: Callable[[SweepProgress], None] | None = None,
    executor: Any = None,
) -> SweepData:
    """See `Sweep.propose`."""
    proposers = _by_recipe(data, proposer)
    _check_policy(data.plan)  # before trials of the proposer's are open
    for _ in range(checks.count("batches", batches, 1)):
        rows = {recipe: each.ask(checks.count("batch", batch, 1)) for recipe, each in proposers.items()}
        longer = replace(data.plan, axis=data.plan.axis.longer(None, rows))
        data = grown(data, longer, callback, executor_of(executor))
        _tell(data, proposers, rows)
    return data


def sweep_by_proposals(
    plan: Plan,
    sampler: OptunaSampler,
    samples: int | None,
    resume: bool,
    callback: Callable[[SweepProgress], None] | None,
    progress: bool | None,
    executor: Executor | None,
) -> SweepData:
    """A plan without configs carried out with `samples` a recipe that the sampler proposes.

    What the plan's directory holds is gone on with: the same proposals are made again of the same scores.
    """
    count = checks.count("samples", samples, 1)
    _check_policy(plan)
    proposers = {
        recipe: sampler.proposer(space, plan.task.larger_is_better) for recipe, space in plan.axis.spaces.items()
    }
    known = {} if plan.store is None else stored_rows(plan.store)
    if any(len(mine) > count for mine in known.values()):
        raise checks.JgdValueError(
            f"store {str(plan.store)!r} holds a larger sweep, of {max(map(len, known.values()))} samples a recipe, got {count}",
            argument="samples",
        )
    go = partial(grown, callback=callback, executor=executor, progress=progress)
    data = None
    if known:
        data = execute(_with(plan, known), callback, resume, progress=progress, executor=executor)
    for begin in range(0, count, sampler.batch):
        some = slice(begin, min(begin + sampler.batch, count))
        rows = {recipe: each.ask(some.stop - some.start) for recipe, each in proposers.items()}
        if data is None:
            data = execute(_with(plan, rows), callback, progress=progress, executor=executor)
        elif all(known.get(recipe, [])[some] == mine for recipe, mine in rows.items()):
            pass  # proposed, and trained, by the sweep that the directory holds
        elif any(known.get(recipe, [])[some] for recipe in rows):
            raise checks.JgdValueError(
                f"store {str(plan.store)!r} holds configs that {sampler} doesn't propose by their scores: it was made with "
                "another sampler, number of samples or seeds, or another version of Optuna"
            )
        else:
            data = go(data, replace(data.plan, axis=data.plan.axis.longer(None, rows)))
        _tell(data, proposers, rows, begin)
    assert data is not None
    return data


def _check_policy(plan: Plan) -> None:
    """Refuse to propose by the scores of configs that a policy stops, some early and some late."""
    if not isinstance(plan.policy, Full):
        raise checks.JgdValueError(
            f"a sweep by {plan.policy} can't take proposals: they are made by scores at the last step and all seeds, which "
            "every config must get. Leave the policy out",
            argument="policy",
        )


def _with(plan: Plan, rows: Mapping[str, list[Config]]) -> Plan:
    """The plan with these configs of each recipe."""
    return replace(plan, axis=plan.axis.longer(None, rows))


def _by_recipe(data: SweepData, proposer: Any) -> dict[str, Proposer]:
    """A proposer for each recipe, refused where it is none, or seeks the opposite."""
    proposers: dict[str, Any] = (
        dict(proposer) if isinstance(proposer, Mapping) else dict.fromkeys(data.recipes, proposer)
    )
    for each in proposers.values():
        if not isinstance(each, Proposer):
            raise checks.JgdTypeError(
                f"proposer must have ask(count) and tell(configs, scores), got {checks.shown(each)}",
                argument="proposer",
            )
        if getattr(each, "larger_is_better", data.larger_is_better) != data.larger_is_better:
            wanted = "larger" if data.larger_is_better else "smaller"
            raise checks.JgdValueError(
                f"proposer must seek a {wanted} {data.metric}, as the sweep does, and seeks the opposite",
                argument="proposer",
            )
    if not isinstance(proposer, Mapping) and len(proposers) > 1:
        raise checks.JgdValueError(
            f"proposer must map each of the recipes {', '.join(data.recipes)} to one of its own, got one for all",
            argument="proposer",
        )
    for recipe in proposers:
        checks.choice("recipe in proposer", recipe, data.recipes)
    return proposers


def _tell(
    data: SweepData, proposers: Mapping[str, Proposer], rows: Mapping[str, list[Config]], begin: int | None = None
) -> None:
    """Tell each proposer the mean scores of its rows: those from `begin` of its recipe's configs on, the last without."""
    for recipe, mine in rows.items():
        first = len(data.configs_of(recipe)) - len(mine) if begin is None else begin
        places = data.configs_of(recipe)[first : first + len(mine)]
        proposers[recipe].tell(mine, data.scores[places].mean(axis=1).tolist())
