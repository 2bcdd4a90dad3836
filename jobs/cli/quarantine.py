"""`strix quarantine list DIR | show DIR ID | replay DIR`: what was refused and why, its bytes, and trying again."""

import argparse
import json
from collections import Counter

from rich.table import Table

from jobs.cli.console import complain, pour, say, table_console
from jobs.cli.frame import Options, verb
from jobs.cli.outputs import output_of
from jobs.cli.run import close
from jobs.common.counting import counted
from jobs.common.job import Job
from jobs.common.local_paths import local_name, local_path
from jobs.common.plain_text import visible
from jobs.config import ConfigError, add_options, load, overrides
from jobs.ledger.quarantine import Entry, NoEntry, content_of, entries, entry_of
from jobs.ledger.too_large import REASON as MATCH_TOO_LARGE
from jobs.packets.rejections import REASONS
from jobs.storage.layout import Layout

_DUMPED_BYTES = 256


# What the closing table calls it.
REPLAY = Job("quarantine replay", "entries of quarantine, through the job that refused them", (), ())


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(prog="strix quarantine", description=__doc__)
    actions = options.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="how many by reason and night, and each entry")
    listing.add_argument("--night", help="YYYYMMDD, or unknown")
    listing.add_argument("--json", action="store_true", help="write a JSON array")
    show = actions.add_parser("show", help="all that is known of an entry, and the beginning of its bytes")
    replay = actions.add_parser(
        "replay",
        help="read entries again",
        description="Read entries again with the job that refused them: each once in its life, in a batch of its own."
        " Modules are those of that job unless they are given.",
    )
    for each in (listing, show, replay):
        each.add_argument("directory", metavar="DIR", type=local_name, help="the output of a job")
    for each in (listing, replay):
        each.add_argument("--reason", choices=sorted(REASONS), metavar="REASON", help=", ".join(sorted(REASONS)))
    show.add_argument("id", metavar="ID", help="the entry, or the beginning of its name")
    show.add_argument("--bytes", metavar="FILE", type=local_path, help="write the refused bytes here")
    replay.add_argument("ids", metavar="ID", nargs="*", help="entries, or the beginnings of their names")
    replay.add_argument("--all", action="store_true", help="every entry that was not replayed")
    add_options(replay)
    return options


@verb("strix")
def main(arguments: list[str] | None = None) -> int:
    """Run the verb; as `strix night` returns it, 2 if there is no such output or entry.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix quarantine`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    return {"list": _list, "show": _show, "replay": _replay}[given.action](given)


def _list(given: argparse.Namespace) -> int:
    found = entries(output_of(given.directory), given.night, given.reason)
    if given.json:
        pour(json.dumps([entry.to_json() for entry in found], indent=1) + "\n")
        return 0
    out = table_console()
    if not found:
        out.print("quarantine is empty")
        return 0
    out.print(_counts_table(found))
    out.print(_entries_table(found))
    if any(not entry.replayed and entry.reason != MATCH_TOO_LARGE for entry in found):
        out.print("next:")
        out.print(f"  strix quarantine show {given.directory} {found[0].id}", soft_wrap=True)
        out.print(f"  strix quarantine replay {given.directory} --all", soft_wrap=True)
    return 0


def _counts_table(found: list[Entry]) -> Table:
    table = Table(title=f"{len(found):,} refused, by reason and night", title_justify="left")
    for name in ("reason", "night", "refused", "replayed", "what it means"):
        table.add_column(name, justify="right" if name in ("refused", "replayed") else "left")
    refused = Counter((entry.reason, entry.night) for entry in found)
    again = Counter((entry.reason, entry.night) for entry in found if entry.replayed)
    for (reason, night), count in sorted(refused.items()):
        table.add_row(reason, night, f"{count:,}", f"{again[(reason, night)]:,}", REASONS.get(reason, ""))
    return table


def _entries_table(found: list[Entry]) -> Table:
    table = Table(title="entries", title_justify="left")
    for name in ("id", "night", "reason", "replayed", "origin", "message"):
        table.add_column(name, no_wrap=name in ("id", "night", "reason"), overflow="fold")
    for entry in found:
        table.add_row(entry.id, entry.night, entry.reason, entry.replayed, origin_text(entry), entry.message)
    return table


def origin_text(entry: Entry) -> str:
    """Where a packet came from, in one line.

    Parameters
    ----------
    entry : Entry
        Its `origin` names a file and the packet's place in it, or topic, partition and offset.
    """
    origin = entry.origin
    if "file" in origin:
        return f"{origin['file']} #{origin.get('index', 0)}"
    return f"{origin.get('topic')}/{origin.get('partition')}@{origin.get('offset')}"


def _show(given: argparse.Namespace) -> int:
    layout = output_of(given.directory)
    entry = _found(layout, given.id)
    value, schema = content_of(layout, entry)
    for name, field in entry.to_json().items():
        say(f"{name:<12}{'' if field is None else _line(field)}")
    say(f"{'is':<12}{'a bare datum; writer schema ' + schema[:80] if schema else 'as received'}")
    pour("\n" + hexdump(value[:_DUMPED_BYTES]))
    if len(value) > _DUMPED_BYTES:
        say(f"... {counted(len(value) - _DUMPED_BYTES, 'byte')} more; --bytes FILE writes them all")
    if given.bytes:
        given.bytes.write_bytes(value)
        say(f"{counted(len(value), 'byte')} written to {given.bytes}")
    return 0


def _line(field: object) -> str:
    return json.dumps(field) if isinstance(field, dict) else visible(str(field))


def hexdump(value: bytes) -> str:
    """Sixteen bytes a line: where, in hexadecimal, and as text where it is ASCII.

    Parameters
    ----------
    value : bytes
        Of any length; none has no line.
    """
    lines = []
    for at in range(0, len(value), 16):
        part = value[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{at:08x}  {part.hex(' '):<47}  {text}\n")
    return "".join(lines)


def _found(layout: Layout, name: str) -> Entry:
    try:
        return entry_of(layout, name)
    except NoEntry as error:
        raise ConfigError(str(error)) from None


def _replay(given: argparse.Namespace) -> int:
    from jobs.launcher.replay import replay

    layout = output_of(given.directory)
    if bool(given.ids) + bool(given.reason) + given.all != 1:
        raise ConfigError("replay needs to be told what: ID ..., --reason REASON or --all, one of them")
    chosen = [_found(layout, name) for name in given.ids] or entries(layout, reason=given.reason)
    unsent = [entry for entry in chosen if entry.reason == MATCH_TOO_LARGE]
    if unsent:
        complain(
            f"strix: {len(unsent)} are matches that were too large to send; their alerts are in the tables already"
        )
        chosen = [entry for entry in chosen if entry not in unsent]
    fresh = [entry for entry in chosen if not entry.replayed]
    _say_known([entry for entry in chosen if entry.replayed])
    if not fresh:
        say(f"nothing to replay: {len(chosen)} of {len(chosen)} entries were replayed before")
        return 0
    config = load(given.config, {**overrides(given), "output": str(layout.root)})
    modules_given = "modules" in overrides(given)
    outcomes = replay(fresh, config, modules_given)
    return max(close(REPLAY, outcome) for outcome in outcomes)


def _say_known(known: list[Entry]) -> None:
    for entry in known[:5]:
        complain(f"strix: {entry.id} was replayed in batch {entry.replayed}, it is not read again")
    if len(known) > 5:
        complain(f"strix: so were {len(known) - 5} more")
