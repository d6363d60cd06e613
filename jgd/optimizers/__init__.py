"""Layer 3: the methods of descent, one file per family: the rule and its source, the records, the builder.

Enters: hyperparameters. Leaves: an `Optimizer`. `registry` maps each name to its builder.
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.optimizers.typed_names import *  # noqa: F403

HOMES = {  # module -> its names that are public here
    "adabelief": "ScaleByBelief acprop adabelief",
    "adabound": "AdaboundState DescendByAdabound adabound",
    "adadelta": "AdadeltaState ScaleByAdadelta adadelta",
    "adafactor": "AdafactorState DescendByAdafactor FactoredSquare adafactor",
    "adagrad": "ScaleByAdagrad adagrad",
    "adahessian": "AdahessianState ScaleByAdahessian adahessian",
    "adam": "AdamState ScaleByAdam adam",
    "adam_atan2": "ScaleByAdamAtan2 adam_atan2",
    "adam_mini": "ScaleByAdamMini adam_mini",
    "adamax": "AdamaxState ScaleByAdamax adamax adamaxw",
    "adamp": "WithoutRadial adamp sgdp",
    "adamuon": "adamuon",
    "adamw": "adamw",
    "adan": "AdanState DescendProximally ScaleByAdan adan",
    "ademamix": (
        "AdemamixState AlphaWarmup HalfLifeWarmup ScaleByAdemamix "
        "ScaleBySimplifiedAdemamix SimplifiedAdemamixState ademamix simplified_ademamix"
    ),
    "adopt": "AdoptState ScaleByAdopt adopt",
    "aggmo": "MeanOfVelocities aggmo",
    "amsgrad": "AmsgradState ScaleByAmsgrad amsgrad",
    "asgd": "AsgdState DescendByAsgd asgd",
    "came": "CameState RowsAndColumns ScaleByCame came",
    "catalog": "get register registry without_numbers",
    "cautious": "cautious_adamw cautious_lion",
    "cocob": "CocobState DescendByCocob cocob",
    "dadapt_adamw": "DadaptAdamwState DescendByDadaptAdamw dadapt_adamw",
    "dion": "DionState ScaleByDion dion",
    "dog": "DescendByDog DistanceState PolynomialAverage dog",
    "dowg": "DescendByDowg dowg",
    "dp_sgd": "PrivateGradient dp_sgd",
    "exponentiated_gradient": "DescendByExponent exponentiated_gradient",
    "frank_wolfe": "DescendTowardsCorner frank_wolfe",
    "fromage": "DescendByFromage fromage",
    "ftrl": "DescendByFtrl FtrlState ftrl",
    "galore": "InLowRank InLowRankState galore",
    "lamb": "lamb",
    "laprop": "ScaleByLaprop laprop",
    "lars": "ScaleByLars lars",
    "lbfgs": "LbfgsState ScaleByLbfgs lbfgs",
    "lion": "ScaleByLion lion",
    "madgrad": "DescendByMadgrad MadgradState madgrad",
    "mars": "SignOfMean VarianceReduced mars",
    "mechanic": "Mechanic MechanicState mechanic",
    "momentum": "Trace momentum",
    "momo": "DescendByMomo MomoState momo momo_adam",
    "muon": "MeanMomentum Orthogonalize muon",
    "nadam": "NadamState ScaleByNadam nadam nadam_simplified nadamw nadamw_simplified",
    "nesterov": "DescendByLookAhead LookAheadState nesterov nesterov_shifted",
    "newton": "ScaleByCurvature gauss_newton_cg newton",
    "noisy_sgd": "noisy_sgd",
    "normuon": "NormalizeMatrices normuon",
    "novograd": "NovogradState ScaleByNovograd novograd",
    "optimistic": "ScaleByOptimisticGradient optimistic_gradient_descent",
    "polyak_sgd": "DescendByPolyak polyak_sgd",
    "prodigy": "DescendByProdigy ProdigyState prodigy",
    "proximal_gradient": "DescendByFista FistaState fista proximal_gradient",
    "psgd_kron": "KronState ScaleByKron psgd_kron",
    "quasi_hyperbolic": "QuasiHyperbolic ScaleByQhadam qhadam qhm",
    "radam": "RadamState ScaleByRadam radam",
    "rmsprop": "RmsState ScaleByRms rmsprop",
    "rprop": "DescendByRprop RpropState rprop",
    "sam": "AdaptiveSharpnessAware SharpnessAware asam sam",
    "schedule_free": "MovingWarmup ScheduleFree ScheduleFreeState schedule_free schedule_free_adamw schedule_free_sgd",
    "scion": "OverRms Radius SignOfMatrix scion",
    "sgd": "gd sgd",
    "sgdw": "sgdw",
    "shampoo": "ScaleByShampoo ShampooState shampoo",
    "sign": "ScaleBySign sign_sgd signum",
    "sm3": "ScaleBySm3 Sm3State sm3",
    "soap": "ScaleBySoap SoapState soap",
    "sophia": "ScaleBySophia SophiaState sophia",
    "stable_adamw": "ScaleByStableAdam stable_adamw",
    "yogi": "ScaleByYogi yogi",
}
import_on_demand(__name__, HOMES)
