#!/bin/bash
# Entry of the image: `docker run strix night ...` is `strix night ...`. Spark on Kubernetes starts its pods with `driver` or
# `executor` instead, and says the rest in variables (resource-managers/kubernetes in Spark's sources).
set -eu

case "${1:-}" in
driver)
    shift
    "$SPARK_HOME/bin/spark-submit" --deploy-mode client --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" "$@" &
    jvm=$!
    # Here the JVM is the parent of the job's Python. SIGTERM is for the job, which finishes its batch; the JVM would end at once.
    trap 'kill -TERM $(ps -o pid= --ppid "$jvm")' TERM
    while kill -0 "$jvm" 2>/dev/null; do
        code=0
        wait "$jvm" || code=$?
    done
    exit "$code"
    ;;
executor)
    # SPARK_JAVA_OPT_0, _1, ...: an option of the JVM each.
    options=()
    for ((i = 0; ; i++)); do
        name="SPARK_JAVA_OPT_$i"
        [ -n "${!name+set}" ] || break
        options+=("${!name}")
    done
    exec java "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
        -cp "${SPARK_CONF_DIR:-}:$SPARK_HOME/jars/*" org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
        --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
        --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
        --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
*)
    exec strix "$@"
    ;;
esac
