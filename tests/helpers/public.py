"""What of jgd is public: the modules and the names in them."""

import ast
import inspect
import pkgutil
from types import ModuleType

import jgd

ON_DEMAND = [
    "jgd.sweeps.proposers.optuna",
    "jgd.interop.equinox",
    "jgd.interop.flax",
    "jgd.interop.haiku",
    "jgd.interop.optax",
]  # public, but neither a package nor a module that `import jgd` brings


def public_modules() -> list[str]:
    """jgd, its packages, its modules that it exports, and those imported on demand."""
    packages = [f"jgd.{info.name}" for info in pkgutil.iter_modules(jgd.__path__) if info.ispkg]
    exported = [
        module.__name__ for name in public_names(jgd) if isinstance(module := getattr(jgd, name, None), ModuleType)
    ]
    return sorted({"jgd", *packages, *exported, *ON_DEMAND})


def public_names(module: ModuleType) -> list[str]:
    """What `__all__` says; without it what the module defines and what it imports as `from x import y as y`."""
    if hasattr(module, "__all__"):
        return sorted(set(module.__all__))
    names = set()
    body = ast.parse(inspect.getsource(module)).body
    lazy = [node for each in body if isinstance(each, ast.If) for node in each.body]  # if TYPE_CHECKING
    for node in [*body, *lazy]:
        if isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname for alias in node.names if alias.asname == alias.name.split(".")[-1]}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return sorted(name for name in names if not name.startswith("_"))


def is_function(value: object) -> bool:
    """Also where a decorator wraps it, such as `jax.jit`."""
    return callable(value) and (inspect.ismethod(value) or inspect.isfunction(inspect.unwrap(value)))
