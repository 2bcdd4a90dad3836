# Read by bash before spark-submit, spark-class and pyspark start their JVM ($SPARK_CONF_DIR/spark-env.sh).

# The JVM says on every start that Spark uses an incubator module (jdk.incubator.vector, which Spark itself asks for); no option
# silences it. Everything else on stderr passes. The filter outlives a Ctrl-C, so that the job's last words do, too.
exec 2> >(trap '' INT TERM HUP; exec grep --line-buffered -v -F 'WARNING: Using incubator modules: jdk.incubator.vector' >&2)
