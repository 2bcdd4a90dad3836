"""`strix bench simulate`: rates of packets and of light curves."""

import time

from jobs.bench.simulating import measured


def test_rates_and_cpu_are_of_one_piece_of_work() -> None:
    begin = time.perf_counter()
    found = {what: value for (what, _), value in measured(5, 1).items()}
    seconds = time.perf_counter() - begin
    assert 0 < 5 / found["packets of a night"] + 60 * 36 / found["light curves of two years"] < seconds
    assert found["CPU of a packet"] > 0
    assert found["CPU of a light curve"] > 0
