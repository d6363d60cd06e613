"""What a sweep's runs predict with. Enters: `SweepData`, or its plan. Leaves: a `Predictor`, or what a directory keeps of it."""

from typing import Any

from jgd import optimizers
from jgd.core import checks
from jgd.prediction import Predictor
from jgd.prediction.described import describe, predictor_of
from jgd.sweeps.picks import best_member, why_none
from jgd.sweeps.plan import Plan
from jgd.sweeps.recipes import by_optimizer
from jgd.sweeps.selection import pick
from jgd.sweeps.sweep_data import SweepData


def predictor(data: SweepData, best: int | None, config: int | None, seed: int | None) -> Predictor:
    """See `Sweep.predictor`; best: the config that the sweep picked."""
    config, seed = _chosen(data, best, config, seed)
    params, state = data.params(config, seed), data.model_state(config, seed)
    group = data.facts.groups[config]
    place = data.seeds.index(seed)
    if isinstance(data.made_by, Plan):
        return _template(data.made_by, group, place).with_params(params, state)
    stored, row = data.facts.predictors, group * len(data.seeds) + place if data.facts.splits.there else group
    if stored is None or row >= len(stored):
        return _template(data.plan, group, place).with_params(params, state)
    found = predictor_of(stored[row], params, None, state)
    if found.model is None:  # code, which the caller may have given
        return _template(data.plan, group, place).with_params(params, state)
    return found


def _chosen(data: SweepData, best: int | None, config: int | None, seed: int | None) -> tuple[int, int]:
    if config is None and data.is_population:
        member = best_member(data, None, seed)
        config, seed = (None, seed) if member is None else member
    config = best if config is None else config
    if config is None:
        raise checks.JgdValueError(f"{why_none(data)}: there is nothing to predict with", argument="config")
    if seed is None:
        data.indices(config, data.seeds[0])  # refuses what isn't there
        place = pick(data.last_scores[config][:, None], data.larger_is_better)
        if place is None:
            raise checks.JgdValueError(f"no run of config {config} ended finite: name another", argument="config")
        seed = data.seeds[place]
    return config, seed


def describe_predictors(plan: Plan) -> list[dict[str, Any]]:
    """What the runs of each group predict with, as JSON holds it: for who has neither the task nor the recipes."""
    places = range(len(plan.seeds)) if plan.splits.there else (0,)  # what was fitted is of a run's own rows
    return [describe(_template(plan, group, place)) for group in range(len(plan.groups)) for place in places]


def _template(plan: Plan, number: int, place: int) -> Predictor:
    """The predictor of a group's runs, with any parameters: by the task's model, or by that of the recipe's own loss.

    place: of the run on the seed axis.
    """
    own, group = plan.tasks[place].predictor(None), plan.groups[number]
    if group.build.function is by_optimizer or group.build.function in optimizers.registry.values():
        return own
    values = plan.configs[group.configs[0]][1]
    spec = group.build(**{name: values[name] for name in group.numbers})
    if spec.loss is None and spec.init is None:
        return own
    parts = (getattr(spec.loss, "model", None), spec.init, own.model if spec.init is None else None)
    model = next((part for part in parts if part is not None and hasattr(part, "predict")), None)
    return Predictor(model, None, own.preprocessing, own.task)
