"""Layer 2: what a chain is made of besides the algorithms. Enters: updates. Leaves: updates.

the step        descend.py  the learning rate's transform, which reports the rate it used
                search.py  line searches, which choose the rate     plateau.py  smaller steps once the loss stalls
before it       clip.py  by value, norm, block RMS, adaptively      normalise.py  normalise, centralise, average, noise
                decay.py  weight decay, decoupled or L2             cautious.py  never against the gradient
                trust_ratio.py  steps as long as the leaf
after it        project.py  onto convex sets                        averages.py  parameters for evaluation
                precision.py  master copies, stochastic rounding
around a transform   masks.py  some of the leaves                        accumulate.py  micro-batches
                guard.py  steps that are not finite                 lookahead.py  slow weights
                switch.py  one after another, and restarts          flatten.py  one vector of all leaves
                eight_bit.py  memory in 8 bits                      wrapper.py  what they share
shared          means.py  a mean that knows its own weight          noise.py  random numbers inside an update
                matrices.py  leaves as stacks of matrices           kronecker.py  a tensor axis by axis
"""

from jgd.transforms.accumulate import Accumulate
from jgd.transforms.averages import EmaOfParams, MeanOfParams
from jgd.transforms.cautious import AddCautiousDecay, Cautious
from jgd.transforms.clip import ClipAdaptively, ClipByBlockRms, ClipByGlobalNorm, ClipByValue
from jgd.transforms.decay import AddDecayedWeights
from jgd.transforms.eight_bit import EightBit
from jgd.transforms.flatten import Flatten
from jgd.transforms.guard import SkipNonFinite
from jgd.transforms.learning_rate import LearningRateScale, LearningRateState, ScaleByLearningRate, learning_rate
from jgd.transforms.line_search import BacktrackingSearch, ZoomSearch
from jgd.transforms.lookahead import Lookahead
from jgd.transforms.masks import Freeze, Only, Partition, all_but, only, partition
from jgd.transforms.means import Mean
from jgd.transforms.noise import Noise
from jgd.transforms.normalize import AddNoise, Centralize, EmaOfUpdates, NormalizeByGlobalNorm
from jgd.transforms.plateau import ReduceOnPlateau
from jgd.transforms.precision import MasterCopy, StochasticRounding
from jgd.transforms.project import Box, L1Ball, L2Ball, LInfBall, NonNegative, Project, Simplex
from jgd.transforms.switch import Restart, Switch
from jgd.transforms.trust_ratio import TrustRatio

__all__ = [
    "Accumulate",
    "AddCautiousDecay",
    "AddDecayedWeights",
    "AddNoise",
    "BacktrackingSearch",
    "Box",
    "Cautious",
    "Centralize",
    "ClipAdaptively",
    "ClipByBlockRms",
    "ClipByGlobalNorm",
    "ClipByValue",
    "ScaleByLearningRate",
    "EightBit",
    "EmaOfParams",
    "EmaOfUpdates",
    "Flatten",
    "Freeze",
    "L1Ball",
    "L2Ball",
    "LInfBall",
    "Lookahead",
    "MasterCopy",
    "Mean",
    "MeanOfParams",
    "Noise",
    "NonNegative",
    "NormalizeByGlobalNorm",
    "Only",
    "Partition",
    "Project",
    "LearningRateState",
    "LearningRateScale",
    "ReduceOnPlateau",
    "Restart",
    "Simplex",
    "SkipNonFinite",
    "StochasticRounding",
    "Switch",
    "TrustRatio",
    "ZoomSearch",
    "all_but",
    "learning_rate",
    "only",
    "partition",
]
