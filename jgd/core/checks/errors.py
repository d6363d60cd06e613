"""The errors for bad input, which are also the ValueError and TypeError that Python would raise."""


class JgdError(Exception):
    """The base of every error that jgd raises for bad input."""


class JgdValueError(JgdError, ValueError):
    """The type is right, the value is not."""


class JgdTypeError(JgdError, TypeError):
    """The type, the dtype or the tree is not what the argument takes."""
