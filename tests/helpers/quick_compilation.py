"""XLA at little effort, with JGD_QUICK=1, as scripts/test sets it: the suite's time is compiling programs that run once.

What is claimed of bits holds for any compiler's programs and is tested so; where it is claimed of those that users have,
a test starts a process `as_users_have_it`.
"""

import os

from jaxlib.version import __version_info__ as VERSION

FLAGS = [
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
]
if VERSION < (0, 11):  # an unknown flag ends the process
    FLAGS.append("--xla_cpu_use_fusion_emitters=false")


def switch_on() -> None:
    """For this process and those that it starts, where JGD_QUICK asks for it."""
    if "JGD_QUICK" in os.environ:
        os.environ["XLA_FLAGS"] = " ".join([*_others(), *FLAGS])


def as_users_have_it() -> dict[str, str]:
    """The environment of a process whose programs are compiled as users have them."""
    others = {name: value for name, value in os.environ.items() if name != "JGD_QUICK"}
    return {**others, "XLA_FLAGS": " ".join(_others())}


def _others() -> list[str]:
    return [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in FLAGS]
