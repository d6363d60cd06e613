"""What other libraries call the arguments that jgd takes, so that a wrong name is answered with the right one.

Optimizers here are optax's where optax has them. Who writes `adam(lr=0.1)` or `adam(beta_1=0.9)` gets the name to write
in its place, not Python's bare "unexpected keyword argument".
"""

from collections.abc import Collection

from jgd.core.checks.arguments import nearest

# torch's, Keras's, optax's and the papers' words -> the names of this library, of which the first that is taken is meant
NAMES: dict[str, tuple[str, ...]] = {
    "lr": ("learning_rate", "init_value", "peak_value"),
    "eta": ("learning_rate", "noise_scale"),
    "step_size": ("learning_rate", "transition_steps"),
    "stepsize": ("learning_rate",),
    "rate": ("learning_rate",),
    "initial_learning_rate": ("init_value", "learning_rate"),
    "base_lr": ("init_value", "learning_rate"),
    "max_lr": ("peak_value", "max_learning_rate", "learning_rate"),
    "alpha": ("decay", "learning_rate"),
    "beta": ("b1", "momentum"),
    "beta1": ("b1", "momentum"),
    "beta_1": ("b1", "momentum"),
    "b1": ("momentum", "beta"),
    "beta2": ("b2", "decay"),
    "beta_2": ("b2", "decay"),
    "b2": ("decay", "rho"),
    "beta3": ("b3",),
    "beta_3": ("b3",),
    "momentum": ("beta", "b1", "decay"),
    "mu": ("momentum", "b1"),
    "rho": ("decay", "b2"),
    "decay": ("decay_rate", "weight_decay", "momentum", "b1"),
    "decay_rate": ("decay",),
    "gamma": ("decay_rate", "momentum"),
    "epsilon": ("eps",),
    "delta": ("eps",),
    "eps_hat": ("eps",),
    "wd": ("weight_decay",),
    "l2": ("weight_decay",),
    "lambd": ("weight_decay",),
    "lambda_": ("weight_decay",),
    "weight_decay_rate": ("weight_decay",),
    "decoupled_weight_decay": ("weight_decay",),
    "weight_decay_mask": ("mask",),
    "decay_mask": ("mask",),
    "exclude_from_weight_decay": ("mask",),
    "clip_value": ("clip_threshold", "max_delta"),
    "clipping_threshold": ("clip_threshold",),
    "threshold": ("clip_threshold",),
    "max_grad_norm": ("max_norm",),
    "clip_norm": ("max_norm",),
    "max_delta": ("clip_value",),
    "update_period": ("update_every",),
    "update_interval": ("update_every",),
    "update_freq": ("update_every",),
    "update_proj_gap": ("update_every",),
    "precondition_frequency": ("update_every",),
    "preconditioning_compute_steps": ("update_every",),
    "sync_period": ("update_every",),
    "every": ("update_every",),
    "debias": ("bias_correction",),
    "correct_bias": ("bias_correction",),
    "use_bias_correction": ("bias_correction",),
    "consistent_rms": ("scale",),
    "muon_weight_dimension_numbers": ("matrices",),
    "line_search": ("linesearch",),
    "line_search_fn": ("linesearch",),
    "history_size": ("memory_size",),
    "initial_accumulator": ("initial_accumulator_value",),
    "etas": ("eta_minus",),
    "step_sizes": ("min_step_size",),
    "optimizer": ("base_optimizer",),
    "inner_optimizer": ("base_optimizer",),
    # schedules
    "value": ("init_value",),
    "start_value": ("init_value",),
    "warmup_target": ("peak_value",),
    "end_learning_rate": ("end_value",),
    "eta_min": ("end_value", "alpha"),
    "end_lr": ("end_value",),
    "final_value": ("end_value",),
    "T_max": ("decay_steps", "transition_steps"),
    "T_0": ("decay_steps",),
    "T_mult": ("multiplier",),
    "t_mul": ("multiplier",),
    "m_mul": ("peak_decay",),
    "first_decay_steps": ("decay_steps",),
    "decay_steps": ("transition_steps",),
    "transition_steps": ("decay_steps", "step_size"),
    "total_steps": ("transition_steps", "decay_steps"),
    "total_iters": ("transition_steps", "decay_steps"),
    "steps": ("transition_steps", "decay_steps"),
    "num_warmup_steps": ("warmup_steps",),
    "boundaries": ("milestones",),
    "milestones": ("boundaries",),
    "boundaries_and_scales": ("boundaries",),
    "values": ("scales",),
    "d_model": ("model_size",),
}

# words for what is done elsewhere -> where
ELSEWHERE: dict[str, str] = {
    "amsgrad": "use jgd.optimizers.amsgrad",
    "nesterov": "use jgd.optimizers.nesterov",
    "weight_decay": "put jgd.transforms.Decayed(..., weight_decay) around it, or use one whose name ends in w",
    "mask": "only methods that decay weights have one; jgd.transforms.only(mask, ...) confines any transform",
    "clipnorm": "chain jgd.transforms.ClipByLeafNorm(...) before it",
    "global_clipnorm": "chain jgd.transforms.ClipByGlobalNorm(...) before it",
    "max_norm": "chain jgd.transforms.ClipByGlobalNorm(...) before it",
    "max_grad_norm": "chain jgd.transforms.ClipByGlobalNorm(...) before it",
    "clip_norm": "chain jgd.transforms.ClipByGlobalNorm(...) before it",
    "clipvalue": "chain jgd.transforms.ClipByValue(...) before it",
    "clip_value": "chain jgd.transforms.ClipByValue(...) before it",
    "use_ema": "chain jgd.transforms.EmaOfParams(...) after it",
    "ema_momentum": "chain jgd.transforms.EmaOfParams(...) after it",
    "gradient_accumulation_steps": "wrap it in jgd.transforms.Accumulate",
    "loss_scale_factor": "scale the loss itself",
    "maximize": "descend on the negative loss",
    "params": "an optimizer holds no parameters here: give them to init and update, or to jgd.train",
    "last_epoch": "a schedule holds no clock here: it is called with the step",
    "verbose": "leave it out",
    "foreach": "leave it out: every update is compiled",
    "fused": "leave it out: every update is compiled",
    "capturable": "leave it out: every update is compiled",
    "jit_compile": "leave it out: every update is compiled",
    "differentiable": "leave it out: every update can be differentiated",
    "accumulator_dtype": "state is float32 or wider here",
}
SIBLINGS = {name: f"{name}w" for name in ("adam", "adamax", "nadam")} | {"nadam_simplified": "nadamw_simplified"}
SIBLINGS |= {"adabelief": "adamw", "radam": "adamw", "amsgrad": "adamw"}
_PAIRS = {
    "betas": ("b1", "b2", "b3"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("min_step_size", "max_step_size"),
}


def unknown(what: str, name: str, names: Collection[str]) -> str:
    """The message for an argument `name` that `what`, which takes `names`, has not.

    Example:
        >>> unknown("adam", "beta_1", ["learning_rate", "b1", "b2"])
        "adam has no parameter 'beta_1': write b1"
        >>> unknown("adam", "weight_decay", ["learning_rate", "b1", "b2"])
        "adam has no parameter 'weight_decay': use jgd.optimizers.adamw"
    """
    return f"{what} has no parameter {name!r}{_advice(what, name, names)}"


def _advice(what: str, name: str, names: Collection[str]) -> str:
    parts = [each for each in _PAIRS.get(name, ()) if each in names]
    if parts:
        return f": write {' and '.join(parts)}, one number each"
    if name in ("weight_decay", "mask", "decoupled_weight_decay") and what in SIBLINGS:
        return f": use jgd.optimizers.{SIBLINGS[what]}"
    meant = next((each for each in (*NAMES.get(name, ()), *NAMES.get(name.lower(), ())) if each in names), None)
    if meant:
        return f": write {meant}"
    if name in ELSEWHERE:
        return f": {ELSEWHERE[name]}"
    near = nearest(name, names)
    return f"; did you mean {near!r}?" if near else f"; it takes {', '.join(names)}"
