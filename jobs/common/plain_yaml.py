"""YAML as job files and filters are written in it: keys and values, nothing that grows or is lost."""

from collections import Counter
from pathlib import Path
from typing import Any

import yaml


class NotPlain(ValueError):
    """YAML that is none, or says more than keys and values; the message says where."""


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (which can grow without bound) and without repeated keys (of which one would be lost)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise NotPlain(f"line {self.peek_event().start_mark.line + 1}: aliases (*name) are not allowed")  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = Counter(self.construct_object(key, deep=True) for key, _ in node.value)
        twice = sorted(str(name) for name, times in names.items() if times > 1)
        if twice:
            raise NotPlain(f"line {node.start_mark.line + 1}: keys that stand twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


def read_plain_yaml(path: Path, max_bytes: int) -> Any:
    """What a YAML file holds.

    Parameters
    ----------
    path : pathlib.Path
        Of the file; no more than `max_bytes` and one byte of it are read.
    max_bytes : int
        The most that it may have.

    Raises
    ------
    NotPlain
        For a file of more than `max_bytes` bytes, text that is not UTF-8 or no YAML, aliases, a key that stands twice,
        nesting deeper than Python's stack.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise NotPlain(f"it has more than {max_bytes} bytes, the most that such a file may have")
    return plain_yaml(content)


def plain_yaml(content: bytes) -> Any:
    """What YAML text holds; raises NotPlain.

    Parameters
    ----------
    content : bytes
        UTF-8.
    """
    try:
        return yaml.load(content.decode(), Loader=_PlainLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise NotPlain(_place(error)) from None
    except RecursionError:
        raise NotPlain("nested too deep") from None
    except (ValueError, TypeError, OverflowError) as error:  # not UTF-8; 2001-99-99 as a date; a list as a key
        raise error if isinstance(error, NotPlain) else NotPlain(str(error)) from None


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    first = str(error).splitlines()[0]
    return f"{first}, line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else first
