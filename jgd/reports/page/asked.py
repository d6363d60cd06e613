"""What a sweep was asked for, in words. Enters: a `Source`. Leaves: pairs of a heading and its words."""

from collections.abc import Mapping, Sequence
from typing import Any

from jgd.core.format import format_value
from jgd.reports.page.source import Source

FEW = 6  # values of a list that are all named
_BETWEEN = {
    "log_uniform": "log-uniform",
    "one_minus_log_uniform": "1 − x log-uniform",
    "uniform": "uniform",
    "integers": "whole numbers",
}
_AROUND = {"normal": "{} ± {}, normal", "log_normal": "{} times or by {}, log-normal"}
_BOUNDS = {"low": "at least", "high": "at most"}


def asked_rows(source: Source) -> list[tuple[str, str]]:
    """What was to be done, one fact a row."""
    sweep, asked = source.sweep, source.asked
    better = "larger" if sweep.larger_is_better else "smaller"
    policy, options = asked["policy"]
    said = ", ".join(f"{name} {value}" for name, value in options.items() if value is not None)
    rows = [
        ("task", sweep.task),
        ("chosen by", f"validation {sweep.metric}, {better} is better; the mean over {sweep.facts.splits.over}"),
        *_spaces(asked["axis"]["spaces"]),
        ("configs", f"{len(sweep.configs)}{_sampled(asked['axis'])}"),
        ("runs", f"{len(sweep.configs)} configs × {sweep.facts.seed_words}, {sweep.facts.step_words} each"),
        ("batch", "all rows, or as the space says" if asked["batch_size"] is None else f"{asked['batch_size']} rows"),
        ("order", asked["order"] or "of the user's own"),
        ("evaluated", f"every {asked['evaluate_every']:,} steps on the validation rows"),
    ]
    return rows + ([] if policy == "Full" else [("policy", f"{policy}{f': {said}' if said else ''}")])


def _spaces(spaces: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The recipes, and a row for each hyperparameter; a space that all recipes share is told once."""
    first, *others = spaces.values()
    rows = [("recipes", ", ".join(spaces))]
    if all(other == first for other in others):
        return rows + [(name, entry_words(entry)) for name, entry in first.items()]
    return rows + [
        (f"{name} of {recipe}", entry_words(entry)) for recipe, space in spaces.items() for name, entry in space.items()
    ]


def _sampled(axis: Mapping[str, Any]) -> str:
    sampler, added = axis["sampler"], sum(map(len, axis["added"].values()))
    by = "halton" if sampler is None else sampler[0]  # the default of spaces with ranges
    drawn = f", {axis['count']} a recipe drawn by {by}" if axis["count"] else ""
    return drawn + (f", {added} given one by one" if added else "")


def entry_words(entry: Any) -> str:
    """What a hyperparameter may be, in each of its cases; or the constraints, which are formulas.

    >>> entry_words({"log_uniform": [1e-4, 1.0]}), entry_words({"choice": [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3]})
    ('0.0001 to 1, log-uniform', '7 values from 0.001 to 1e+03')
    >>> entry_words({"static": ["a", "b"], "when": {"kind": [1, 2]}})
    'a, b where kind is 1 or 2'
    >>> entry_words({"log_normal": [1e-3, 10.0], "high": 1.0}), entry_words({"static": ["a", "b"], "weights": [1.0, 3.0]})
    ('0.001 times or by 10, log-normal, at most 1', 'a (weight 1), b (weight 3)')
    >>> entry_words([{"derived": "2 * x", "when": {"x": {"low": 0.5}}}, {"choice": [1.0]}]), entry_words(["a < b"])
    ('2 * x where x is at least 0.5; 1', 'a < b')
    """
    if isinstance(entry, list):
        return "; ".join(each if isinstance(each, str) else entry_words(each) for each in entry)
    if "derived" in entry:
        return f"{entry['derived']}{_where(entry)}"
    kind, values = next((name, each) for name, each in entry.items() if isinstance(each, Sequence) and name != "when")
    where = _where(entry)
    if kind in _AROUND:
        bounds = "".join(f", {word} {format_value(entry[end])}" for end, word in _BOUNDS.items() if end in entry)
        return _AROUND[kind].format(*map(format_value, values)) + bounds + where
    if kind in _BETWEEN:
        log = ", log-spaced" if entry.get("log") else ""
        return f"{format_value(values[0])} to {format_value(values[-1])}, {_BETWEEN[kind]}{log}{where}"
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numbers and len(values) > FEW:
        return f"{len(values)} values from {format_value(min(values))} to {format_value(max(values))}{where}"
    weights = entry.get("weights")
    words = list(map(format_value, values))
    if weights:
        words = [f"{word} (weight {format_value(weight)})" for word, weight in zip(words, weights, strict=True)]
    return ", ".join(words) + where


def _where(entry: Mapping[str, Any]) -> str:
    """The conditions of an entry."""
    words = [
        f"{name} is {' and '.join(f'{_BOUNDS[end]} {format_value(bound)}' for end, bound in wanted.items())}"
        if isinstance(wanted, Mapping)
        else f"{name} is {' or '.join(map(format_value, wanted))}"
        for name, wanted in entry.get("when", {}).items()
    ]
    return f" where {' and '.join(words)}" if words else ""
