"""What griffe, which reads the source for the API pages, doesn't know of jgd: its records and its examples."""

import re
from typing import Any

import griffe

DEFAULTS = ("hyper", "static_field")


class Jgd(griffe.Extension):
    """Records are dataclasses whose fields have the defaults that `hyper` gives, and `Example:` is a section."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = prepared(obj.docstring.value)

    def on_class_members(self, *, cls: griffe.Class, **kwargs: Any) -> None:
        for decorator in cls.decorators:
            if str(decorator.value) in ("record", "jgd.record"):
                decorator.value = griffe.ExprName("dataclasses.dataclass")
        for member in cls.members.values():
            value = getattr(member, "value", None)
            if isinstance(value, griffe.ExprCall) and str(value.function) in DEFAULTS:
                named = {each.name: each.value for each in value.arguments if isinstance(each, griffe.ExprKeyword)}
                member.value = named.get("default", named.get("default_factory"))


def prepared(text: str) -> str:
    """The docstring with the name of the section that griffe knows; an example outside of one is a block of code."""
    text = re.sub(r"^(\s*)Example:$", r"\1Examples:", text, flags=re.MULTILINE)
    return re.sub(r"^>>> .*(?:\n.+)*", r"```python\n\g<0>\n```", text, flags=re.MULTILINE)
