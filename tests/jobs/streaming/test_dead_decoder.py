"""A decoder that kills its process takes no packet out of the ledger's sum."""

import os
from collections.abc import Sequence
from typing import Any

import pytest

from jobs.packets.messages import Message
from jobs.packets.reading import SourceMessage
from jobs.pipeline.batch.stage import guarded
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions
from jobs.simulation.night import container
from jobs.simulation.packets import packet


class Killing:
    """Decodes everything but one message, on which it ends its process."""

    def __init__(self, decoder: Any, poison: bytes) -> None:
        self.decoder = decoder
        self.poison = poison

    def decode(self, messages: Sequence[Message]) -> Any:
        if any(message.value == self.poison for message in messages):
            os._exit(9)
        return self.decoder.decode(messages)


@pytest.mark.parametrize("packets", [1, 7])
def test_a_container_that_kills_the_decoder_is_refused_packet_by_packet_and_the_others_are_scored(packets: int) -> None:
    poison = container([packet(21, number)[0] for number in range(packets)])
    sound = [container([packet(22, number)[0] for number in range(3)]), container([packet(23, 0)[0]])]
    messages = [
        SourceMessage(Message(value), {"file": name, "index": 40})
        for name, value in zip("abc", (sound[0], poison, sound[1]), strict=True)
    ]
    one_pass = OnePass(PassOptions(("ztf",), None, (), 70000.0), {}, Watchdog(Limits()))
    one_pass.decoder = Killing(one_pass.decoder, poison)  # type: ignore[assignment]
    passed = list(guarded(one_pass)(messages))
    scored = [row["file"] for each in passed for row in each.alerts["provenance"].to_pylist()]
    assert scored == ["a", "a", "a", "c"]
    refused = [row for each in passed for row in each.refused.to_pylist()]
    assert [row["provenance"]["index"] for row in refused] == list(range(40, 40 + packets))
    assert {(row["reason"], row["failed_at"], row["provenance"]["file"]) for row in refused} == {
        ("killed_worker", "decode", "b")
    }
    assert [row["value"] for row in refused] == [poison] + [b""] * (packets - 1)
    assert len({row["quarantine_id"] for row in refused}) == packets
    assert "ended its process with status 9 in decode" in refused[0]["message"]
