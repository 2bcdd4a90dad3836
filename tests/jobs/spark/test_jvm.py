"""What Spark's JVM says on stderr reaches the user, but for the line that each of them says."""

import os

from jobs.spark.jvm import _pass_on


def test_the_incubator_line_is_left_out_and_others_pass(capfd):
    reading, writing = os.pipe()
    os.write(writing, b"WARNING: Using incubator modules: jdk.incubator.vector\nWARNING: other\nno end of line")
    os.close(writing)
    _pass_on(reading)
    assert capfd.readouterr().err == "WARNING: other\nno end of line"
