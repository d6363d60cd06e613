"""The source of a function's code as text that says what it does: the same under every version of Python."""

import inspect
import io
import textwrap
import tokenize
from types import CodeType

_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_MARKS = {tokenize.INDENT: "{", tokenize.DEDENT: "}", tokenize.NEWLINE: ";"}


def code_text(code: CodeType) -> str:
    """The source of a code object without comments, blank lines and indentation; "" where there is none.

    >>> code_text((lambda x: 2 * x).__code__)
    'x: 2 * x'
    """
    if code.co_filename == "<string>":  # of eval, to which Python 3.13 answers with the text of `python -c`
        return ""
    try:
        return _lambda_text(code) if code.co_name == "<lambda>" else _bare(inspect.getsource(code))
    except (OSError, TypeError, IndexError, SyntaxError, tokenize.TokenError):
        return ""


def _lambda_text(code: CodeType) -> str:
    """The arguments and the body of a lambda, which may share its line with others."""
    spans = [span for span in code.co_positions() if None not in span]
    # no None is left, which pyright does not see
    begins = [(line, column) for line, end, column, last in spans if (end, last) != (line, column)]  # type: ignore
    ends = [(end, last) for line, end, column, last in spans if (end, last) != (line, column)]  # type: ignore
    if not begins:
        return ""
    lines, (first, left), (final, right) = inspect.findsource(code)[0], min(begins), max(ends)
    assert first is not None, "the spans without a place were left out"
    rows = [line.encode() for line in lines[first - 1 : final]]
    rows[-1] = rows[-1][:right]
    rows[0] = rows[0][left:]
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return f"{', '.join(arguments)}: {b' '.join(row.strip() for row in rows).decode()}"


def _bare(source: str) -> str:
    source = textwrap.dedent(source)
    tokens = tokenize.generate_tokens(io.StringIO(source + "\n").readline)
    return "".join(_MARKS.get(each.type, each.string) for each in tokens if each.type not in _SILENT)
