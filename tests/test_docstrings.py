"""What a public function takes is said in its docstring, each parameter by its name, in numpydoc's sections."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [
    path
    for package in ("jobs", "science_modules", "pyspark_strix", "pyspark_strix_hbase")
    for path in sorted((ROOT / package).rglob("*.py"))
]
# As numpydoc orders them: https://numpydoc.readthedocs.io/en/latest/format.html#sections
SECTIONS = ["Parameters", "Returns", "Yields", "Raises", "Notes"]


def _public(tree: ast.Module | ast.ClassDef, within: str = "") -> Iterator[tuple[str, ast.FunctionDef, bool]]:
    """Functions of a module and methods of its classes; True for those whose first parameter is the object or class."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node, f"{within}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
            yield within + node.name, node, bool(within) and not static


def _parameters(function: ast.FunctionDef, bound: bool) -> list[str]:
    """The parameters that have a meaning: those whose name begins with `_` are for a caller that gives more than is used."""
    given = function.args
    named = [*given.posonlyargs, *given.args][bound:] + given.kwonlyargs
    names = [each.arg for each in named] + [f"*{each.arg}" for each in [given.vararg] if each]
    names += [f"**{each.arg}" for each in [given.kwarg] if each]
    return sorted(name for name in names if not name.startswith("_"))


def _sections(text: str) -> dict[str, list[str]]:
    """The lines of each section, as they stand."""
    found = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}$", text, flags=re.MULTILINE)
    return {title: body.splitlines() for title, body in zip(found[1::2], found[2::2], strict=True)}


def _told(section: list[str]) -> list[str]:
    heads = [line.partition(" : ")[0] for line in section if line and not line.startswith(" ")]
    return sorted(name for head in heads for name in head.split(", ") if not name.startswith("_"))


def _problems(source: str) -> list[str]:
    found = []
    for name, function, bound in _public(ast.parse(source)):
        sections = _sections(inspect.cleandoc(ast.get_docstring(function) or ""))
        takes, told = _parameters(function, bound), _told(sections.get("Parameters", []))
        if takes != told:
            found.append(f"{name} takes {', '.join(takes)}; its section Parameters names {', '.join(told) or 'none'}")
        if list(sections) != [each for each in SECTIONS if each in sections]:
            found.append(f"{name} has sections {', '.join(sections)}, their order is {', '.join(SECTIONS)}")
    return found


def test_every_public_function_says_what_it_takes():
    problems = [f"{path.relative_to(ROOT)}: {each}" for path in FILES for each in _problems(path.read_text())]
    assert not problems, "\n".join(problems)


_WHOLE = '''
class A:
    def f(self, x, *more, y=0, _=None):
        """One.

        Parameters
        ----------
        x, y : int
            Two numbers.
        *more : int
            More of them.

        Returns
        -------
        int
        """
'''


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("x, y : int", "x : int", "A.f takes *more, x, y; its section Parameters names *more, x"),
        ("x, y : int", "x, z : int", "A.f takes *more, x, y; its section Parameters names *more, x, z"),
        ("*more : int", "more : int", "A.f takes *more, x, y; its section Parameters names more, x, y"),
        ("Parameters\n", "Takes\n", "A.f takes *more, x, y; its section Parameters names none"),
        ("self, x", "self", "A.f takes *more, y; its section Parameters names *more, x, y"),
    ],
)
def test_a_parameter_that_is_not_named_or_not_there_is_found(old, new, problem):
    assert _problems(_WHOLE) == []
    assert _problems(_WHOLE.replace(old, new))[0] == problem


def test_sections_in_another_order_are_found():
    parameters, returns = _WHOLE.split("        Returns")
    one, two = parameters.split("        Parameters")
    turned = f'{one}        Returns{returns.rstrip()[:-3].rstrip()}\n\n        Parameters{two.rstrip()}\n        """\n'
    assert _problems(turned) == ["A.f has sections Returns, Parameters, their order is " + ", ".join(SECTIONS)]
