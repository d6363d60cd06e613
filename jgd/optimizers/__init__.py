"""Layer 3: the methods of descent, one file per family: the rule and its source, the records, the builder.

Enters: hyperparameters. Leaves: an `Optimizer`. `registry` maps each name to its builder.
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.optimizers.adabelief import ScaleByBelief as ScaleByBelief
    from jgd.optimizers.adabelief import acprop as acprop
    from jgd.optimizers.adabelief import adabelief as adabelief
    from jgd.optimizers.adadelta import AdadeltaState as AdadeltaState
    from jgd.optimizers.adadelta import ScaleByAdadelta as ScaleByAdadelta
    from jgd.optimizers.adadelta import adadelta as adadelta
    from jgd.optimizers.adafactor import AdafactorState as AdafactorState
    from jgd.optimizers.adafactor import DescendByAdafactor as DescendByAdafactor
    from jgd.optimizers.adafactor import FactoredSquare as FactoredSquare
    from jgd.optimizers.adafactor import adafactor as adafactor
    from jgd.optimizers.adagrad import ScaleByAdagrad as ScaleByAdagrad
    from jgd.optimizers.adagrad import adagrad as adagrad
    from jgd.optimizers.adam import AdamState as AdamState
    from jgd.optimizers.adam import ScaleByAdam as ScaleByAdam
    from jgd.optimizers.adam import adam as adam
    from jgd.optimizers.adam_atan2 import ScaleByAdamAtan2 as ScaleByAdamAtan2
    from jgd.optimizers.adam_atan2 import adam_atan2 as adam_atan2
    from jgd.optimizers.adam_mini import ScaleByAdamMini as ScaleByAdamMini
    from jgd.optimizers.adam_mini import adam_mini as adam_mini
    from jgd.optimizers.adamax import AdamaxState as AdamaxState
    from jgd.optimizers.adamax import ScaleByAdamax as ScaleByAdamax
    from jgd.optimizers.adamax import adamax as adamax
    from jgd.optimizers.adamax import adamaxw as adamaxw
    from jgd.optimizers.adamuon import adamuon as adamuon
    from jgd.optimizers.adamw import adamw as adamw
    from jgd.optimizers.adan import AdanState as AdanState
    from jgd.optimizers.adan import DescendProximally as DescendProximally
    from jgd.optimizers.adan import ScaleByAdan as ScaleByAdan
    from jgd.optimizers.adan import adan as adan
    from jgd.optimizers.ademamix import AdemamixState as AdemamixState
    from jgd.optimizers.ademamix import AlphaWarmup as AlphaWarmup
    from jgd.optimizers.ademamix import HalfLifeWarmup as HalfLifeWarmup
    from jgd.optimizers.ademamix import ScaleByAdemamix as ScaleByAdemamix
    from jgd.optimizers.ademamix import ScaleBySimplifiedAdemamix as ScaleBySimplifiedAdemamix
    from jgd.optimizers.ademamix import SimplifiedAdemamixState as SimplifiedAdemamixState
    from jgd.optimizers.ademamix import ademamix as ademamix
    from jgd.optimizers.ademamix import simplified_ademamix as simplified_ademamix
    from jgd.optimizers.adopt import AdoptState as AdoptState
    from jgd.optimizers.adopt import ScaleByAdopt as ScaleByAdopt
    from jgd.optimizers.adopt import adopt as adopt
    from jgd.optimizers.amsgrad import AmsgradState as AmsgradState
    from jgd.optimizers.amsgrad import ScaleByAmsgrad as ScaleByAmsgrad
    from jgd.optimizers.amsgrad import amsgrad as amsgrad
    from jgd.optimizers.asgd import AsgdState as AsgdState
    from jgd.optimizers.asgd import DescendByAsgd as DescendByAsgd
    from jgd.optimizers.asgd import asgd as asgd
    from jgd.optimizers.catalog import get as get
    from jgd.optimizers.catalog import register as register
    from jgd.optimizers.catalog import registry as registry
    from jgd.optimizers.catalog import without_numbers as without_numbers
    from jgd.optimizers.cautious import cautious_adamw as cautious_adamw
    from jgd.optimizers.cautious import cautious_lion as cautious_lion
    from jgd.optimizers.cocob import CocobState as CocobState
    from jgd.optimizers.cocob import DescendByCocob as DescendByCocob
    from jgd.optimizers.cocob import cocob as cocob
    from jgd.optimizers.dadapt_adamw import DadaptAdamwState as DadaptAdamwState
    from jgd.optimizers.dadapt_adamw import DescendByDadaptAdamw as DescendByDadaptAdamw
    from jgd.optimizers.dadapt_adamw import dadapt_adamw as dadapt_adamw
    from jgd.optimizers.dion import DionState as DionState
    from jgd.optimizers.dion import ScaleByDion as ScaleByDion
    from jgd.optimizers.dion import dion as dion
    from jgd.optimizers.dog import DescendByDog as DescendByDog
    from jgd.optimizers.dog import DistanceState as DistanceState
    from jgd.optimizers.dog import PolynomialAverage as PolynomialAverage
    from jgd.optimizers.dog import dog as dog
    from jgd.optimizers.dowg import DescendByDowg as DescendByDowg
    from jgd.optimizers.dowg import dowg as dowg
    from jgd.optimizers.dp_sgd import PrivateGradient as PrivateGradient
    from jgd.optimizers.dp_sgd import dp_sgd as dp_sgd
    from jgd.optimizers.fromage import DescendByFromage as DescendByFromage
    from jgd.optimizers.fromage import fromage as fromage
    from jgd.optimizers.galore import InLowRank as InLowRank
    from jgd.optimizers.galore import InLowRankState as InLowRankState
    from jgd.optimizers.galore import galore as galore
    from jgd.optimizers.lamb import lamb as lamb
    from jgd.optimizers.laprop import ScaleByLaprop as ScaleByLaprop
    from jgd.optimizers.laprop import laprop as laprop
    from jgd.optimizers.lars import ScaleByLars as ScaleByLars
    from jgd.optimizers.lars import lars as lars
    from jgd.optimizers.lbfgs import LbfgsState as LbfgsState
    from jgd.optimizers.lbfgs import ScaleByLbfgs as ScaleByLbfgs
    from jgd.optimizers.lbfgs import lbfgs as lbfgs
    from jgd.optimizers.lion import ScaleByLion as ScaleByLion
    from jgd.optimizers.lion import lion as lion
    from jgd.optimizers.madgrad import DescendByMadgrad as DescendByMadgrad
    from jgd.optimizers.madgrad import MadgradState as MadgradState
    from jgd.optimizers.madgrad import madgrad as madgrad
    from jgd.optimizers.mars import SignOfMean as SignOfMean
    from jgd.optimizers.mars import VarianceReduced as VarianceReduced
    from jgd.optimizers.mars import mars as mars
    from jgd.optimizers.mechanic import Mechanic as Mechanic
    from jgd.optimizers.mechanic import MechanicState as MechanicState
    from jgd.optimizers.mechanic import mechanic as mechanic
    from jgd.optimizers.momentum import Trace as Trace
    from jgd.optimizers.momentum import momentum as momentum
    from jgd.optimizers.momo import DescendByMomo as DescendByMomo
    from jgd.optimizers.momo import MomoState as MomoState
    from jgd.optimizers.momo import momo as momo
    from jgd.optimizers.momo import momo_adam as momo_adam
    from jgd.optimizers.muon import MeanMomentum as MeanMomentum
    from jgd.optimizers.muon import Orthogonalize as Orthogonalize
    from jgd.optimizers.muon import muon as muon
    from jgd.optimizers.nadam import NadamState as NadamState
    from jgd.optimizers.nadam import ScaleByNadam as ScaleByNadam
    from jgd.optimizers.nadam import nadam as nadam
    from jgd.optimizers.nadam import nadam_simplified as nadam_simplified
    from jgd.optimizers.nadam import nadamw as nadamw
    from jgd.optimizers.nadam import nadamw_simplified as nadamw_simplified
    from jgd.optimizers.nesterov import DescendByLookAhead as DescendByLookAhead
    from jgd.optimizers.nesterov import LookAheadState as LookAheadState
    from jgd.optimizers.nesterov import nesterov as nesterov
    from jgd.optimizers.nesterov import nesterov_shifted as nesterov_shifted
    from jgd.optimizers.newton import ScaleByCurvature as ScaleByCurvature
    from jgd.optimizers.newton import gauss_newton_cg as gauss_newton_cg
    from jgd.optimizers.newton import newton as newton
    from jgd.optimizers.noisy_sgd import noisy_sgd as noisy_sgd
    from jgd.optimizers.normuon import NormalizeMatrices as NormalizeMatrices
    from jgd.optimizers.normuon import normuon as normuon
    from jgd.optimizers.novograd import NovogradState as NovogradState
    from jgd.optimizers.novograd import ScaleByNovograd as ScaleByNovograd
    from jgd.optimizers.novograd import novograd as novograd
    from jgd.optimizers.optimistic import ScaleByOptimisticGradient as ScaleByOptimisticGradient
    from jgd.optimizers.optimistic import optimistic_gradient_descent as optimistic_gradient_descent
    from jgd.optimizers.polyak_sgd import DescendByPolyak as DescendByPolyak
    from jgd.optimizers.polyak_sgd import polyak_sgd as polyak_sgd
    from jgd.optimizers.prodigy import DescendByProdigy as DescendByProdigy
    from jgd.optimizers.prodigy import ProdigyState as ProdigyState
    from jgd.optimizers.prodigy import prodigy as prodigy
    from jgd.optimizers.psgd_kron import KronState as KronState
    from jgd.optimizers.psgd_kron import ScaleByKron as ScaleByKron
    from jgd.optimizers.psgd_kron import psgd_kron as psgd_kron
    from jgd.optimizers.radam import RadamState as RadamState
    from jgd.optimizers.radam import ScaleByRadam as ScaleByRadam
    from jgd.optimizers.radam import radam as radam
    from jgd.optimizers.rmsprop import RmsState as RmsState
    from jgd.optimizers.rmsprop import ScaleByRms as ScaleByRms
    from jgd.optimizers.rmsprop import rmsprop as rmsprop
    from jgd.optimizers.rprop import DescendByRprop as DescendByRprop
    from jgd.optimizers.rprop import RpropState as RpropState
    from jgd.optimizers.rprop import rprop as rprop
    from jgd.optimizers.sam import AdaptiveSharpnessAware as AdaptiveSharpnessAware
    from jgd.optimizers.sam import SharpnessAware as SharpnessAware
    from jgd.optimizers.sam import asam as asam
    from jgd.optimizers.sam import sam as sam
    from jgd.optimizers.schedule_free import MovingWarmup as MovingWarmup
    from jgd.optimizers.schedule_free import ScheduleFree as ScheduleFree
    from jgd.optimizers.schedule_free import ScheduleFreeState as ScheduleFreeState
    from jgd.optimizers.schedule_free import schedule_free as schedule_free
    from jgd.optimizers.schedule_free import schedule_free_adamw as schedule_free_adamw
    from jgd.optimizers.schedule_free import schedule_free_sgd as schedule_free_sgd
    from jgd.optimizers.scion import OverRms as OverRms
    from jgd.optimizers.scion import Radius as Radius
    from jgd.optimizers.scion import SignOfMatrix as SignOfMatrix
    from jgd.optimizers.scion import scion as scion
    from jgd.optimizers.sgd import gd as gd
    from jgd.optimizers.sgd import sgd as sgd
    from jgd.optimizers.shampoo import ScaleByShampoo as ScaleByShampoo
    from jgd.optimizers.shampoo import ShampooState as ShampooState
    from jgd.optimizers.shampoo import shampoo as shampoo
    from jgd.optimizers.sign import ScaleBySign as ScaleBySign
    from jgd.optimizers.sign import sign_sgd as sign_sgd
    from jgd.optimizers.sign import signum as signum
    from jgd.optimizers.sm3 import ScaleBySm3 as ScaleBySm3
    from jgd.optimizers.sm3 import Sm3State as Sm3State
    from jgd.optimizers.sm3 import sm3 as sm3
    from jgd.optimizers.soap import ScaleBySoap as ScaleBySoap
    from jgd.optimizers.soap import SoapState as SoapState
    from jgd.optimizers.soap import soap as soap
    from jgd.optimizers.sophia import ScaleBySophia as ScaleBySophia
    from jgd.optimizers.sophia import SophiaState as SophiaState
    from jgd.optimizers.sophia import sophia as sophia
    from jgd.optimizers.stable_adamw import ScaleByStableAdam as ScaleByStableAdam
    from jgd.optimizers.stable_adamw import stable_adamw as stable_adamw
    from jgd.optimizers.yogi import ScaleByYogi as ScaleByYogi
    from jgd.optimizers.yogi import yogi as yogi

HOMES = {  # module -> its names that are public here
    "adabelief": "ScaleByBelief acprop adabelief",
    "adadelta": "AdadeltaState ScaleByAdadelta adadelta",
    "adafactor": "AdafactorState DescendByAdafactor FactoredSquare adafactor",
    "adagrad": "ScaleByAdagrad adagrad",
    "adam": "AdamState ScaleByAdam adam",
    "adam_atan2": "ScaleByAdamAtan2 adam_atan2",
    "adam_mini": "ScaleByAdamMini adam_mini",
    "adamax": "AdamaxState ScaleByAdamax adamax adamaxw",
    "adamuon": "adamuon",
    "adamw": "adamw",
    "adan": "AdanState DescendProximally ScaleByAdan adan",
    "ademamix": (
        "AdemamixState AlphaWarmup HalfLifeWarmup ScaleByAdemamix "
        "ScaleBySimplifiedAdemamix SimplifiedAdemamixState ademamix simplified_ademamix"
    ),
    "adopt": "AdoptState ScaleByAdopt adopt",
    "amsgrad": "AmsgradState ScaleByAmsgrad amsgrad",
    "asgd": "AsgdState DescendByAsgd asgd",
    "catalog": "get register registry without_numbers",
    "cautious": "cautious_adamw cautious_lion",
    "cocob": "CocobState DescendByCocob cocob",
    "dadapt_adamw": "DadaptAdamwState DescendByDadaptAdamw dadapt_adamw",
    "dion": "DionState ScaleByDion dion",
    "dog": "DescendByDog DistanceState PolynomialAverage dog",
    "dowg": "DescendByDowg dowg",
    "dp_sgd": "PrivateGradient dp_sgd",
    "fromage": "DescendByFromage fromage",
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
    "psgd_kron": "KronState ScaleByKron psgd_kron",
    "radam": "RadamState ScaleByRadam radam",
    "rmsprop": "RmsState ScaleByRms rmsprop",
    "rprop": "DescendByRprop RpropState rprop",
    "sam": "AdaptiveSharpnessAware SharpnessAware asam sam",
    "schedule_free": "MovingWarmup ScheduleFree ScheduleFreeState schedule_free schedule_free_adamw schedule_free_sgd",
    "scion": "OverRms Radius SignOfMatrix scion",
    "sgd": "gd sgd",
    "shampoo": "ScaleByShampoo ShampooState shampoo",
    "sign": "ScaleBySign sign_sgd signum",
    "sm3": "ScaleBySm3 Sm3State sm3",
    "soap": "ScaleBySoap SoapState soap",
    "sophia": "ScaleBySophia SophiaState sophia",
    "stable_adamw": "ScaleByStableAdam stable_adamw",
    "yogi": "ScaleByYogi yogi",
}
import_on_demand(__name__, HOMES)
