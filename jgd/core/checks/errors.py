"""The errors for bad input, which are also the ValueError and TypeError that Python would raise."""


class JgdError(Exception):
    """The base of every error that jgd raises for bad input.

    Args:
        message: The rule, and what was got.
        argument: The name of the argument that is refused, as the message has it, or None where there is no one name.

    Example:
        >>> error = JgdValueError("steps must be a whole number >= 1, got 0", argument="steps")
        >>> str(error), error.argument
        ('steps must be a whole number >= 1, got 0', 'steps')
    """

    def __init__(self, message: str = "", *, argument: str | None = None):
        super().__init__(message)
        self.argument = argument


class JgdValueError(JgdError, ValueError):
    """The type is right, the value is not."""


class JgdTypeError(JgdError, TypeError):
    """The type, the dtype or the tree is not what the argument takes."""
