"""Layer 2: what a chain is made of besides the algorithms. Enters: updates. Leaves: updates.

the step        learning_rate.py  the learning rate's transform, which reports the rate it used
                line_search.py  searches that choose the rate       plateau.py  smaller steps once the loss stalls
before it       clip.py  by value, norm, block RMS, adaptively      normalize.py  normalize, centralize, average, noise
                decay.py  weight decay, decoupled or L2             cautious.py  never against the gradient
                trust_ratio.py  steps as long as the leaf           auto_clip.py  by the norms seen so far
                slow_gradients.py  their slow part made larger      targets.py  parameters that follow others
after it        scale.py  by a factor, a path, a layer              averages.py  parameters for evaluation
                project.py  onto the sets of convex_sets.py, balls.py  precision.py  master copies, stochastic rounding
around a transform   masks.py  some of the leaves                   partitions.py each group of leaves its own
                accumulate.py  micro-batches                        guard.py  steps that are not finite
                proximal.py  penalties, exact zeros                 decay.py  decay of any optimizer
                lookahead.py  slow weights                          switch.py  one after another, and restarts
                flatten.py  one vector of all leaves                eight_bit.py  state in 8 bits
shared          wrapper.py  what they share                         subtree.py  a part of the leaves
                means.py  a mean that knows its own weight          noise.py  random numbers inside an update
                matrices.py  leaves as stacks of matrices           kronecker.py  a tensor axis by axis
                blocks.py  axes merged and cut
"""

from typing import TYPE_CHECKING

from jgd.core.on_demand import import_on_demand

if TYPE_CHECKING:  # for editors and type checkers
    from jgd.transforms.accumulate import Accumulate as Accumulate
    from jgd.transforms.auto_clip import ClipByPercentile as ClipByPercentile
    from jgd.transforms.auto_clip import ClipByZScore as ClipByZScore
    from jgd.transforms.averages import EmaOfParams as EmaOfParams
    from jgd.transforms.averages import MeanOfParams as MeanOfParams
    from jgd.transforms.balls import L1Ball as L1Ball
    from jgd.transforms.balls import L2Ball as L2Ball
    from jgd.transforms.balls import LInfBall as LInfBall
    from jgd.transforms.balls import Simplex as Simplex
    from jgd.transforms.balls import Sphere as Sphere
    from jgd.transforms.cautious import AddCautiousDecay as AddCautiousDecay
    from jgd.transforms.cautious import Cautious as Cautious
    from jgd.transforms.clip import ClipAdaptively as ClipAdaptively
    from jgd.transforms.clip import ClipByBlockRms as ClipByBlockRms
    from jgd.transforms.clip import ClipByGlobalNorm as ClipByGlobalNorm
    from jgd.transforms.clip import ClipByLeafNorm as ClipByLeafNorm
    from jgd.transforms.clip import ClipByValue as ClipByValue
    from jgd.transforms.clip import ZeroNans as ZeroNans
    from jgd.transforms.convex_sets import Box as Box
    from jgd.transforms.convex_sets import HalfSpace as HalfSpace
    from jgd.transforms.convex_sets import Hyperplane as Hyperplane
    from jgd.transforms.convex_sets import NonNegative as NonNegative
    from jgd.transforms.decay import AddDecayedWeights as AddDecayedWeights
    from jgd.transforms.decay import Decayed as Decayed
    from jgd.transforms.decay import IndependentDecay as IndependentDecay
    from jgd.transforms.eight_bit import EightBit as EightBit
    from jgd.transforms.flatten import Flatten as Flatten
    from jgd.transforms.guard import SkipNonFinite as SkipNonFinite
    from jgd.transforms.learning_rate import LearningRateState as LearningRateState
    from jgd.transforms.learning_rate import ReportsLearningRate as ReportsLearningRate
    from jgd.transforms.learning_rate import ScaleByLearningRate as ScaleByLearningRate
    from jgd.transforms.line_search import BacktrackingSearch as BacktrackingSearch
    from jgd.transforms.line_search import ZoomSearch as ZoomSearch
    from jgd.transforms.lookahead import Lookahead as Lookahead
    from jgd.transforms.masks import Freeze as Freeze
    from jgd.transforms.masks import Only as Only
    from jgd.transforms.masks import all_but as all_but
    from jgd.transforms.masks import only as only
    from jgd.transforms.means import Mean as Mean
    from jgd.transforms.noise import DrawsNoise as DrawsNoise
    from jgd.transforms.noise import Noise as Noise
    from jgd.transforms.normalize import AddNoise as AddNoise
    from jgd.transforms.normalize import Centralize as Centralize
    from jgd.transforms.normalize import EmaOfUpdates as EmaOfUpdates
    from jgd.transforms.normalize import NormalizeByGlobalNorm as NormalizeByGlobalNorm
    from jgd.transforms.partitions import Partition as Partition
    from jgd.transforms.partitions import partition as partition
    from jgd.transforms.plateau import ReduceOnPlateau as ReduceOnPlateau
    from jgd.transforms.precision import MasterCopy as MasterCopy
    from jgd.transforms.precision import StochasticRounding as StochasticRounding
    from jgd.transforms.project import Project as Project
    from jgd.transforms.proximal import ElasticNet as ElasticNet
    from jgd.transforms.proximal import GroupLasso as GroupLasso
    from jgd.transforms.proximal import L1Penalty as L1Penalty
    from jgd.transforms.proximal import NuclearNorm as NuclearNorm
    from jgd.transforms.proximal import Proximal as Proximal
    from jgd.transforms.scale import LayerwiseDecay as LayerwiseDecay
    from jgd.transforms.scale import Scale as Scale
    from jgd.transforms.scale import scale_by_path as scale_by_path
    from jgd.transforms.slow_gradients import AmplifySlow as AmplifySlow
    from jgd.transforms.switch import Restart as Restart
    from jgd.transforms.switch import Switch as Switch
    from jgd.transforms.targets import incremental_update as incremental_update
    from jgd.transforms.targets import periodic_update as periodic_update
    from jgd.transforms.trust_ratio import TrustRatio as TrustRatio
    from jgd.transforms.wrapper import Wrapper as Wrapper

HOMES = {  # module -> its names that are public here
    "accumulate": "Accumulate",
    "auto_clip": "ClipByPercentile ClipByZScore",
    "averages": "EmaOfParams MeanOfParams",
    "balls": "L1Ball L2Ball LInfBall Simplex Sphere",
    "cautious": "AddCautiousDecay Cautious",
    "clip": "ClipAdaptively ClipByBlockRms ClipByGlobalNorm ClipByLeafNorm ClipByValue ZeroNans",
    "convex_sets": "Box HalfSpace Hyperplane NonNegative",
    "decay": "AddDecayedWeights Decayed IndependentDecay",
    "eight_bit": "EightBit",
    "flatten": "Flatten",
    "guard": "SkipNonFinite",
    "learning_rate": "LearningRateState ReportsLearningRate ScaleByLearningRate",
    "line_search": "BacktrackingSearch ZoomSearch",
    "lookahead": "Lookahead",
    "masks": "Freeze Only all_but only",
    "means": "Mean",
    "noise": "DrawsNoise Noise",
    "normalize": "AddNoise Centralize EmaOfUpdates NormalizeByGlobalNorm",
    "partitions": "Partition partition",
    "plateau": "ReduceOnPlateau",
    "precision": "MasterCopy StochasticRounding",
    "project": "Project",
    "proximal": "ElasticNet GroupLasso L1Penalty NuclearNorm Proximal",
    "scale": "LayerwiseDecay Scale scale_by_path",
    "slow_gradients": "AmplifySlow",
    "switch": "Restart Switch",
    "targets": "incremental_update periodic_update",
    "trust_ratio": "TrustRatio",
    "wrapper": "Wrapper",
}
import_on_demand(__name__, HOMES)
