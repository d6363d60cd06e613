"""What a sweep's runs predict with. Enters: `SweepData`, or its plan. Leaves: a `Predictor`, or what a directory keeps of it."""

from typing import Any

from jgd import optimizers
from jgd.core import checks
from jgd.prediction import Predictor
from jgd.prediction.described import describe, predictor_of
from jgd.sweeps.picks import best_member
from jgd.sweeps.plan import Plan
from jgd.sweeps.recipes import Group, by_optimizer
from jgd.sweeps.selection import pick
from jgd.sweeps.sweep_data import SweepData


def predictor(data: SweepData, best: int | None, config: int | None, seed: int | None) -> Predictor:
    """See `Sweep.predictor`; best: the config that the sweep picked."""
    config, seed = _chosen(data, best, config, seed)
    params, state = data.params(config, seed), data.model_state(config, seed)
    group = data.facts.groups[config]
    if isinstance(data.made_by, Plan):
        return _template(data.made_by, data.made_by.groups[group]).with_params(params, state)
    stored = data.facts.predictors
    if stored is None or group >= len(stored):
        return _template(data.plan, data.plan.groups[group]).with_params(params, state)
    found = predictor_of(stored[group], params, None, state)
    if found.model is None:  # code, which the caller may have given
        return _template(data.plan, data.plan.groups[group]).with_params(params, state)
    return found


def _chosen(data: SweepData, best: int | None, config: int | None, seed: int | None) -> tuple[int, int]:
    if config is None and data.is_population:
        member = best_member(data, None, seed)
        config, seed = (None, seed) if member is None else member
    config = best if config is None else config
    if config is None:
        raise checks.JgdValueError("every run diverged: there is nothing to predict with", argument="config")
    if seed is None:
        data.indices(config, data.seeds[0])  # refuses what isn't there
        place = pick(data.last_scores[config][:, None], data.larger_is_better)
        if place is None:
            raise checks.JgdValueError(f"every run of config {config} diverged: name another", argument="config")
        seed = data.seeds[place]
    return config, seed


def describe_predictors(plan: Plan) -> list[dict[str, Any]]:
    """What the runs of each group predict with, as JSON holds it: for who has neither the task nor the recipes."""
    return [describe(_template(plan, group)) for group in plan.groups]


def _template(plan: Plan, group: Group) -> Predictor:
    """The predictor of a group's runs, with any parameters: by the task's model, or by that of the recipe's own loss."""
    own = plan.task.predictor(None)
    if group.build.function is by_optimizer or group.build.function in optimizers.registry.values():
        return own
    values = plan.configs[group.configs[0]][1]
    spec = group.build(**{name: values[name] for name in group.numbers})
    if spec.loss is None and spec.init is None:
        return own
    parts = (getattr(spec.loss, "model", None), spec.init, own.model if spec.init is None else None)
    model = next((part for part in parts if part is not None and hasattr(part, "predict")), None)
    return Predictor(model, None, own.preprocessing, own.task)
