"""What Spark's JVM says on stderr reaches the user, but for the line that each of them says."""

from jobs.spark.jvm import _pass_on


def test_the_incubator_line_is_left_out_and_others_pass(capfd):
    _pass_on([b"WARNING: Using incubator modules: jdk.incubator.vector\n", b"WARNING: other\n", b"no end of line"])
    assert capfd.readouterr().err == "WARNING: other\nno end of line"
