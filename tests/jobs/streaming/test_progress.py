"""The progress line."""

from jobs.streaming.progress import Done, line


def test_the_line_gives_done_rate_and_time_left():
    # 25 % of the bytes in 60 s: three times as long again; the rate is the one that status and metrics have
    told = line("night", Done(12000, 3, 0.25, rate=lambda: 200.0), (2, 4), 60.0)
    assert told == "night: 12,000 packets in 3 batches, 25 %, 200/s, 3 min left; batch 3: 2 of 4 tasks"


def test_the_line_of_a_stream_says_how_far_it_is_behind():
    told = line("night", Done(12000, 3, None, 1500, lambda: 20.0), (0, 0), 60.0)
    assert told == "night: 12,000 packets in 3 batches, 20/s, 1,500 behind"


def test_what_is_not_known_is_left_out():
    assert line("night", Done(0, 0, None), (0, 0), 6.0) == "night: 0 packets in 0 batches, 0/s"


def test_a_terminal_sees_the_line_and_a_pipe_sees_nothing(tmp_path):
    import os
    import pty
    import subprocess
    import sys

    code = (
        "import time; from jobs.streaming import progress; progress.QUIET_S = 0.1; progress.INTERVAL_S = 0.05\n"
        "with progress.Progress('night', progress.Done(10, 1, 0.5), lambda: (1, 2)): time.sleep(0.5)"
    )
    parent, child = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=child, check=True)
    os.close(child)
    assert b"10 packets in 1 batches, 50 %" in os.read(parent, 4096)
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert piped.stderr == b""
