"""Which answers of a night are not those of its batches any more, because a rescoring replaced them; and their numbers."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jobs.ledger.changes import RESCORING, Change
from jobs.ledger.counts import Counts, add_counts, add_night, empty_counts
from jobs.ledger.journal import Histories, Journal
from jobs.ledger.records import Record
from jobs.ledger.streams import records
from jobs.storage.layout import Layout

# By night, then by module: the change whose answers the files hold now.
Newest = dict[str, dict[str, Change]]


def newest(histories: Histories, record: Record) -> Newest:
    """Which of a batch's answers were replaced, and by which change.

    Parameters
    ----------
    histories : Histories
    record : Record
        Of the batch.

    Returns
    -------
    dict
        By night and module, the newest change; nights and modules that were not replaced are left out.
    """
    found: Newest = {}
    for file in record.files:
        history = histories.get((file.table, file.night))
        if file.table == "science" and history is not None and file.night not in found:
            changes = history.rescorings(file.name)
            found[file.night] = {module: change for change in changes for module in change.answers}
    return {night: modules for night, modules in found.items() if modules}


def counts_now(record: Record, replaced: Newest) -> dict[str, Counts]:
    """A batch's numbers per night without those of the modules whose answers were replaced.

    Parameters
    ----------
    record : Record
        Of the batch; it is not changed.
    replaced : dict
        As `newest` gives it for the batch.

    Returns
    -------
    dict of str to dict
        Numbers by night.
    """
    nights = copy.deepcopy(record.nights)
    for night, modules in replaced.items():
        for module in modules:
            nights.get(night, {}).get("modules", {}).pop(module, None)
    return nights


def versions_now(record: Record, replaced: Newest, module: str) -> set[str]:
    """The versions that a module's answers to a batch's alerts have.

    Parameters
    ----------
    record : Record
        Of the batch.
    replaced : dict
        As `newest` gives it for the batch.
    module : str

    Returns
    -------
    set of str
        Empty if it has given none.
    """
    nights = {file.night for file in record.files if file.table == "science"}
    changes = [replaced.get(night, {}).get(module) for night in nights]
    told = {str(change.answers[module]["version"]) for change in changes if change is not None}
    if module in record.hashes.get("modules", {}) and (None in changes or not changes):
        told.add(str(record.hashes["modules"][module]["version"]))
    return told


@dataclass
class NightsNow:
    """The ledger's numbers per night as the files hold them now, batch by batch."""

    layout: Layout
    _counted: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._histories = Journal(self.layout).histories()

    def of(self, record: Record) -> dict[str, Counts]:
        """The numbers that a batch adds; those of a rescoring come with the first batch that it holds.

        Parameters
        ----------
        record : Record
            Of the batch.

        Returns
        -------
        dict of str to dict
            Numbers by night.
        """
        replaced = newest(self._histories, record)
        nights = counts_now(record, replaced)
        for night, modules in replaced.items():
            for module, change in modules.items():
                if (change.id, module) not in self._counted:
                    self._counted.add((change.id, module))
                    add_counts(nights[night]["modules"].setdefault(module, {}), change.answers[module]["now"])
        return nights


def counts_of(layout: Layout, night: str) -> Counts:
    """The numbers of a night as its files hold them now.

    Parameters
    ----------
    layout : Layout
    night : str
        YYYYMMDD.
    """
    now, total = NightsNow(layout), empty_counts()
    for record in records(layout, nights=[night]):
        add_night(total, now.of(record).get(night) or empty_counts())
    return total


@dataclass
class Recounted:
    """What the files hold of the answers that rescorings gave, against what these said."""

    _found: dict[tuple[str, str], Counts] = field(default_factory=dict)
    _told: dict[tuple[str, str], Counts] = field(default_factory=dict)

    def add(self, modules: Mapping[str, Change], found: Counts) -> None:
        """Take note of what the files of a batch and night hold of these modules.

        Parameters
        ----------
        modules : mapping of str to Change
            By module, the change that replaced its answers.
        found : dict
            Numbers that were counted from the files.
        """
        for module, change in modules.items():
            key = (change.id, module)
            self._told[key] = change.answers[module]["now"]
            add_counts(self._found.setdefault(key, {}), found.get("modules", {}).get(module, {}))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Where and what does not add up."""
        for key, told in sorted(self._told.items()):
            found = _plain(self._found[key])
            if found != _plain(told):
                yield f"change {key[0]}", f"{key[1]}: {_plain(told)} is not what the files hold ({found})"


def _plain(counts: Counts) -> Counts:
    """Numbers without those that are 0."""
    plain = {key: _plain(value) if isinstance(value, dict) else value for key, value in counts.items()}
    return {key: value for key, value in plain.items() if value}


def rescorings(changes: Iterable[Change]) -> list[Change]:
    """Those of some changes that scored a night again.

    Parameters
    ----------
    changes : iterable of Change
    """
    return [change for change in changes if change.kind == RESCORING]
