"""A filter, and how a YAML file becomes one."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jobs.common.plain_yaml import NotPlain, read_plain_yaml
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition, compile_value, refusals
from jobs.pipeline.filters.costs import check_together
from jobs.pipeline.filters.example_rows import flat_row
from jobs.pipeline.filters.kinds import Kind
from jobs.pipeline.filters.problems import Problem, Refused, nearest
from jobs.pipeline.filters.typed import Typed

MAX_BYTES = 65_536
MAX_ANNOTATIONS = 40
STATE_DAYS = 30  # how long a filter remembers what it sent of an object

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_KEYS = {
    "description": "what an astronomer finds in it, one sentence",
    "owner": "who answers questions about it",
    "reference": "paper or page that it follows (optional)",
    "where": "one Spark SQL boolean expression",
    "annotations": "name: expression, sent with every match (optional)",
    "cutouts": "whether the stamps are sent (optional, default false)",
    "private": "whether alerts and points that the survey does not show to everybody are sent (optional, default false)",
    "per_object": "first, all, or every_hours: N (optional, default all)",
    "max_per_night": "alerts; what is over it is counted and listed, not sent (optional)",
    "examples": "match: [...] and no_match: [...]: ids of real alerts, or rows of values (optional)",
}
_NEEDED = ("description", "owner", "where")


@dataclass(frozen=True)
class PerObject:
    """How often one object is sent.

    Attributes
    ----------
    rule : str
        all, first (once in STATE_DAYS) or every_hours.
    hours : float
        For every_hours: least time from one sent alert to the next.
    """

    rule: str = "all"
    hours: float = 0.0

    @property
    def days_between(self) -> float:
        """Least time between two sent alerts of an object [d]; 0 if all are sent."""
        return {"all": 0.0, "first": float(STATE_DAYS)}.get(self.rule, self.hours / 24.0)


@dataclass(frozen=True)
class Examples:
    """Alerts that a filter must let pass and must not: ids of real alerts (`ztf:<id>`), or rows of values by column.

    Attributes
    ----------
    match, no_match : tuple of str or mapping
        Those for which the filter must be TRUE, and those for which it must not.
    """

    match: tuple[str | Mapping[str, Any], ...] = ()
    no_match: tuple[str | Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Filter:
    """A checked filter.

    Attributes
    ----------
    name, description, owner, reference : str
    where : str
        The condition as its author wrote it.
    annotations : dict of str to str
        Expressions by name, as written.
    cutouts : bool
    private : bool
        Alerts and points that the survey does not show to everybody are read and sent, too.
    per_object : PerObject
    max_per_night : int or None
    examples : Examples
    condition : Typed
        The condition, compiled.
    values : dict of str to Typed
        The annotations, compiled.
    kinds : dict of str to Kind
        Kinds of the columns that it reads.
    singles : frozenset of str
        Those of them that are published as float32.
    path : str
        The file that it comes from.
    """

    name: str
    description: str
    owner: str
    where: str
    condition: Typed
    annotations: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Typed] = field(default_factory=dict)
    cutouts: bool = False
    private: bool = False
    per_object: PerObject = field(default_factory=PerObject)
    max_per_night: int | None = None
    examples: Examples = field(default_factory=Examples)
    reference: str = ""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    singles: frozenset[str] = frozenset()
    path: str = ""

    @property
    def version(self) -> str:
        """Hash of all that decides what is sent: the compiled expressions and limits, not the prose or the layout."""
        content = {
            "where": self.condition.sql,
            "annotations": {name: value.sql for name, value in self.values.items()},
            "cutouts": self.cutouts,
            "per_object": [self.per_object.rule, self.per_object.hours],
            "max_per_night": self.max_per_night,
        }
        if self.private:
            content["private"] = True
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def columns(self) -> frozenset[str]:
        """All columns that it reads."""
        return self.condition.columns.union(*(value.columns for value in self.values.values()))

    @property
    def modules(self) -> frozenset[str]:
        """The science modules whose outputs it reads."""
        return frozenset(name.partition(".")[0] for name in self.columns if "." in name) - {"candidate"}


def read_filter(path: Path, catalogue: Catalogue, shown: str | None = None) -> tuple[Filter | None, list[Problem]]:
    """The filter of a file, or everything that is wrong with it.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file; its name without the suffix is the filter's.
    catalogue : Catalogue
        The columns that the filter may name.
    shown : str, optional
        How problems name the file, if not by its path.

    Returns
    -------
    filter : Filter or None
        None if there are problems.
    problems : list of Problem
        Empty if there is a filter.
    """
    where = shown or str(path)
    if not _NAME.fullmatch(path.stem):
        said = "a filter's name is its file's: small letters, digits and _, at most 60, beginning with a letter"
        return None, [Problem(where, f"{said}; this is {path.stem!r}")]
    try:
        content = read_plain_yaml(path, MAX_BYTES)
    except NotPlain as error:
        return None, [Problem(where, f"not valid YAML for a filter: {error}")]
    return make_filter(path.stem, content, catalogue, where)


def make_filter(name: str, content: Any, catalogue: Catalogue, where: str = "") -> tuple[Filter | None, list[Problem]]:
    """The filter of a mapping, or everything that is wrong with it.

    Parameters
    ----------
    name : str
        The filter's; not checked here.
    content : mapping
        As the YAML file holds it.
    catalogue : Catalogue
        The columns that the filter may name.
    where : str
        How problems name the file; the filter's name if empty.

    Returns
    -------
    filter : Filter or None
        None if there are problems.
    problems : list of Problem
        Empty if there is a filter.
    """
    where = where or name
    if not isinstance(content, Mapping):
        return None, [Problem(where, f"`key: value` lines are wanted, this is a {type(content).__name__}")]
    taking = _Taking(where, content, catalogue)
    taking.check_keys()
    made = taking.fields()
    if taking.problems:
        return None, taking.problems
    unkinded = Filter(name=name, path=where, **made)
    columns = [catalogue.find(name) for name in sorted(unkinded.columns)]
    kinds = {column.name: column.kind for column in columns}
    return replace(unkinded, kinds=kinds, singles=frozenset(each.name for each in columns if each.single)), []


@dataclass
class _Taking:
    """Takes the keys of one file, and collects what is wrong with them."""

    where: str
    content: Mapping[str, Any]
    catalogue: Catalogue
    problems: list[Problem] = field(default_factory=list)

    def check_keys(self) -> None:
        for key in self.content:
            if key not in _KEYS:
                self._problem(f"unknown key {key!r}{nearest(str(key), _KEYS)}; the keys are {', '.join(_KEYS)}")
        for key in _NEEDED:
            if key not in self.content:
                self._problem(f"the key {key} is missing: {_KEYS[key]}")

    def fields(self) -> dict[str, Any]:
        where = self._text("where")
        condition = self._condition(where) if where else None
        annotations = self._annotations()
        return {
            "description": self._text("description"),
            "owner": self._text("owner"),
            "reference": self._text("reference"),
            "where": where,
            "condition": condition,
            "annotations": annotations,
            "values": self._values(annotations),
            "cutouts": self._boolean("cutouts"),
            "private": self._boolean("private"),
            "per_object": self._per_object(),
            "max_per_night": self._max_per_night(),
            "examples": self._examples(),
        }

    def _problem(self, message: str, key: str = "") -> None:
        self.problems.append(Problem(f"{self.where}: {key}" if key else self.where, message))

    def _condition(self, text: str) -> Typed | None:
        try:
            return compile_condition(text, self.catalogue)
        except Refused as refusal:
            for each in refusals(text, self.catalogue) or [refusal]:
                self._refused("where", each, text)
            return None

    def _value(self, key: str, text: str) -> Typed | None:
        try:
            return compile_value(text, self.catalogue)
        except Refused as refusal:
            self._refused(key, refusal, text)
            return None

    def _values(self, annotations: Mapping[str, str]) -> dict[str, Typed | None]:
        values = {name: self._value(f"annotations.{name}", text) for name, text in annotations.items()}
        made = [value for value in values.values() if value is not None]
        try:
            check_together(made)
        except Refused as refusal:
            self._problem(refusal.message, "annotations")
        return values

    def _refused(self, key: str, refusal: Refused, text: str = "") -> None:
        where = f"{self.where}: {key}"
        self.problems.append(Problem(where, refusal.message, text, refusal.place, refusal.lacking))

    def _text(self, key: str) -> str:
        value = self.content.get(key, "")
        if not isinstance(value, str) or (key in self.content and not value.strip()):
            self._problem(f"text is wanted, this is {value!r}", key)
            return ""
        return value.strip()

    def _boolean(self, key: str) -> bool:
        value = self.content.get(key, False)
        if not isinstance(value, bool):
            self._problem(f"true or false is wanted, this is {value!r}", key)
        return value is True

    def _annotations(self) -> dict[str, str]:
        given = self.content.get("annotations") or {}
        if not isinstance(given, Mapping) or len(given) > MAX_ANNOTATIONS:
            self._problem(f"up to {MAX_ANNOTATIONS} lines `name: expression` are wanted", "annotations")
            return {}
        for name, text in given.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                self._problem(f"a name is small letters, digits and _; this is {name!r}", "annotations")
            if not isinstance(text, (str, int, float)) or isinstance(text, bool):
                self._problem(f"an expression is wanted, this is {text!r}", f"annotations.{name}")
        return {str(name): str(text) for name, text in given.items()}

    def _per_object(self) -> PerObject:
        given = self.content.get("per_object", "all")
        if given in ("all", "first"):
            return PerObject(given)
        hours = given.get("every_hours") if isinstance(given, Mapping) and len(given) == 1 else None
        if not isinstance(hours, (int, float)) or isinstance(hours, bool) or not 0 < hours <= 24 * STATE_DAYS:
            said = f"first, all or `every_hours: N` (over 0, up to {24 * STATE_DAYS}) is wanted, this is {given!r}"
            self._problem(said, "per_object")
            return PerObject()
        return PerObject("every_hours", float(hours))

    def _max_per_night(self) -> int | None:
        given = self.content.get("max_per_night")
        if given is None or (isinstance(given, int) and not isinstance(given, bool) and given > 0):
            return given
        self._problem(f"a whole number over 0 is wanted, this is {given!r}", "max_per_night")
        return None

    def _examples(self) -> Examples:
        given = self.content.get("examples") or {}
        if not isinstance(given, Mapping) or set(given) - {"match", "no_match"}:
            self._problem("`match: [...]` and `no_match: [...]` are wanted", "examples")
            return Examples()
        return Examples(*(self._listed(key, given.get(key) or []) for key in ("match", "no_match")))

    def _listed(self, key: str, given: Any) -> tuple[str | Mapping[str, Any], ...]:
        if isinstance(given, list):
            return tuple(self._example(key, each) for each in given)
        self._problem(f"a list in [ ] is wanted, this is {given!r}", f"examples.{key}")
        return ()

    def _example(self, key: str, given: Any) -> str | Mapping[str, Any]:
        if isinstance(given, str) and re.fullmatch(r"[a-z]+:-?\d+", given):
            return given
        if isinstance(given, Mapping):
            return self._row(key, given)
        said = "`survey:alert id` (ztf:1234) or a row of values by column is wanted"
        self._problem(f"{said}, this is {given!r}", f"examples.{key}")
        return {}

    def _row(self, key: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return flat_row(given, self.catalogue)
        except Refused as refusal:
            self._refused(f"examples.{key}", refusal)
            return {}
