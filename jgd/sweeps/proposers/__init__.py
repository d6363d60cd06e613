"""Proposers: who looks at scores before it proposes configs.

optuna.py            an Optuna study
optuna_sampler.py    one of Optuna's samplers by its name
"""
