"""ZTF's packets in a stream with faults."""

from jobs.simulation.packet_form import PacketForm, Record
from jobs.simulation.reissue import reissued


def _ids(packet: Record) -> tuple[int, str]:
    return packet["candid"], packet["objectId"]


def _brighter(packet: Record) -> Record:
    candidate = packet["candidate"]
    return {**packet, "candidate": {**candidate, "magpsf": candidate["magpsf"] - 0.5}}


def _earlier(packet: Record, nights: int) -> Record:
    history = packet["prv_candidates"]
    return {
        **packet,
        "candidate": _before(packet["candidate"], nights),
        "prv_candidates": history and [_before(row, nights) for row in history],
    }


def _before(row: Record, nights: int) -> Record:
    moved = {
        name: row[name] - nights for name in ("jd", "jdstarthist", "jdendhist", "nid") if row.get(name) is not None
    }
    return {**row, **moved, "pid": row["pid"] - nights * 10**9}


FORM = PacketForm(_ids, _brighter, _earlier, reissued)
