"""Proposers: who looks at scores before it proposes configs. optuna.py: an Optuna study."""
