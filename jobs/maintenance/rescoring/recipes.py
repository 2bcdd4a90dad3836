"""What answers were made with, as short names that can be compared: a module, its artefacts, and what it read of others."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobs.ledger.changes import Change, StoredFile
from jobs.ledger.streams import StreamLedger
from jobs.maintenance.stored_files import KnownParts
from jobs.storage.layout import Layout, batch_of
from science_modules import registry

# By module. Two answers of one fingerprint to one alert are the same, bit for bit.
Fingerprints = dict[str, str]


def todays_hashes(names: Iterable[str]) -> dict[str, Any]:
    """Versions, sources and artefacts of modules as they are now, in the form in which the ledger keeps them.

    Parameters
    ----------
    names : iterable of str
        Of modules that exist.
    """
    modules = [registry.get(name) for name in names]
    return {
        "modules": {
            each.name: {"version": each.version, "source": registry.source_hash(each.name)} for each in modules
        },
        "artefacts": {each.name: {one.name: one.sha256 for one in each.artefacts} for each in modules},
    }


def fingerprints(hashes: Mapping[str, Any]) -> Fingerprints:
    """One fingerprint per module of a batch (or of today): what it reads of the others is part of it.

    Parameters
    ----------
    hashes : mapping
        `modules` and `artefacts`, as `Record.hashes` has them.
    """
    modules, artefacts = hashes.get("modules", {}), hashes.get("artefacts", {})
    found: Fingerprints = {}

    def of(name: str) -> str:
        if name not in found:
            read = {each: of(each) for each in reads(name) if each in modules}
            content = json.dumps([name, modules[name], artefacts.get(name, {}), read], sort_keys=True)
            found[name] = hashlib.sha256(content.encode()).hexdigest()[:16]
        return found[name]

    for name in modules:
        of(name)
    return found


def reads(name: str) -> list[str]:
    """The modules whose outputs a module reads, optional ones too; none for a module that exists no more.

    Parameters
    ----------
    name : str
        Of the module.
    """
    known = registry.folders()
    if name not in known:
        return []
    module = registry.get(name)
    givers = (each.partition(".")[0] for each in module.inputs + module.optional_inputs if "." in each)
    return [giver for giver in dict.fromkeys(givers) if giver in known]


def made_with(layout: Layout, night: str, parts: Sequence[StoredFile]) -> list[Fingerprints]:
    """What the answers in a night's science files were made with: one entry per file that a batch wrote.

    Parameters
    ----------
    layout : Layout
    night : str
        YYYYMMDD.
    parts : sequence of StoredFile
        The night's science files.
    """
    history = KnownParts(layout).journal.history("science", night)
    originals = dict.fromkeys(name for part in parts for name in history.originals(part.name))
    batches: dict[tuple[str, int], Fingerprints] = {}
    found = []
    for name in originals:
        key = batch_of(name)
        if key not in batches:
            batches[key] = fingerprints(StreamLedger(layout, key[0]).read(key[1]).hashes)
        found.append(batches[key] | _replaced(history.rescorings(name)))
    return found


def _replaced(changes: Iterable[Change]) -> Fingerprints:
    return {module: each["fingerprint"] for change in changes for module, each in change.answers.items()}
