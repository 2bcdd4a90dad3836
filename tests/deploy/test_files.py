"""deploy/ fits the code: our parsers take its command lines, settings are the session's, commands are the README's."""

import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyspark
import pytest
import yaml

from jobs.cli import main as command_line
from jobs.cli import services
from jobs.cli.run import parser
from jobs.common.java import JAVA_VERSIONS
from jobs.config import load, overrides
from jobs.spark.session import _defaults

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").iterdir())
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    """The applications of the Spark operator: a name and what it runs."""
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in documents(path):
            if document["kind"].endswith("SparkApplication"):
                yield path.name, document["spec"].get("template", document["spec"])


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Every command line of strix that deploy/ starts, without the program: where it stands, verb and arguments."""
    for name, application in manifests():
        yield name, [Path(application["mainApplicationFile"]).stem, *application["arguments"]]
    for name, service in documents(DEPLOY / "compose.yaml")[0]["services"].items():
        if service["image"].startswith("strix:"):
            yield f"compose {name}", service["command"]
    for path in [*UNITS, DEPLOY / "cron" / "strix.crontab"]:
        for found in re.findall(r"\.venv/bin/strix ([^>\n]+)", path.read_text(encoding="utf-8")):
            yield path.name, shlex.split(found)


def here(argument: str) -> str:
    """A path of the image as one of this checkout."""
    return argument.replace("/opt/strix/", f"{ROOT}/")


COMMANDS = list(command_lines())


def test_there_are_commands_of_every_kind():
    verbs = {arguments[0] for _, arguments in COMMANDS}
    assert {"night", "ingest", "compact", "prune", "ledger", "services"} <= verbs
    assert {"night.yaml", "stream.yaml", "compose job", "strix-stream.service", "strix.crontab"} <= {
        where for where, _ in COMMANDS
    }


@pytest.mark.parametrize(("where", "arguments"), COMMANDS, ids=[f"{where}-{each[0]}" for where, each in COMMANDS])
def test_a_command_line_is_one_that_strix_takes(where, arguments, tmp_path, monkeypatch, capsys):
    verb, *rest = map(here, arguments)
    monkeypatch.chdir(tmp_path)
    for name in ("night.yaml", "stream.yaml"):  # the user's own, in /srv/strix
        shutil.copy(ROOT / "conf" / "jobs" / "ztf_public.yaml", tmp_path / name)
    job = command_line.VERBS[verb].job
    if job:
        given = parser(job).parse_args(rest)
        config = load(given.config, overrides(given))
        assert given.config and config.value("output") != "data", f"{where}: the output is not named"
    elif verb == "services":
        assert services.parser().parse_args(rest).name == "ztf_local"
    else:
        assert command_line.main([verb, *rest]) == 2, "there is no such output"
        assert "usage:" not in capsys.readouterr().err, "the options are wrong"


def test_paths_of_the_image_are_in_the_checkout():
    named = {word for _, arguments in COMMANDS for word in arguments if word.startswith("/opt/strix/")}
    named |= {each["mainApplicationFile"].removeprefix("local://") for _, each in manifests()}
    assert len(named) >= 6
    assert [path for path in named if not Path(here(path)).is_file()] == []


def test_every_yaml_file_is_one_and_versions_are_those_of_this_checkout():
    assert all(document for path in DEPLOY.rglob("*.yaml") for document in documents(path))
    assert [application["sparkVersion"] for _, application in manifests()] == [pyspark.__version__] * 2
    images = re.findall(r"image: (strix:\S+)", "".join(path.read_text() for path in DEPLOY.rglob("*.yaml")))
    assert set(images) == {f"strix:{VERSION}"} and len(images) == 4
    assert not re.findall(r"image: \S+:latest|image: [^:\s]+\n", (DEPLOY / "compose.yaml").read_text())


def test_applications_mount_the_claim_where_their_paths_are():
    (claim,) = documents(DEPLOY / "kubernetes" / "volume.yaml")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for name, application in manifests():
        (volume,) = application["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"], name
        for role in ("driver", "executor"):
            assert application[role]["volumeMounts"] == [{"name": volume["name"], "mountPath": "/data"}]
        assert all(word.startswith(("/data", "/opt/strix")) for word in application["arguments"] if "/" in word)


def settings() -> dict[str, str]:
    lines = (DEPLOY / "spark" / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


def test_spark_defaults_are_what_a_session_sets():
    own = _defaults("1g")
    # The file of log settings is found by the class path, as $SPARK_CONF_DIR/log4j2.properties.
    options = own["spark.driver.extraJavaOptions"].split()
    kept = [each for each in options if not each.startswith("-Dlog4j2.configurationFile=")]
    own["spark.driver.extraJavaOptions"] = " ".join(kept)
    assert {key: settings().get(key) for key in own} == own


def test_every_setting_has_its_reason():
    text = (DEPLOY / "spark" / "spark-defaults.conf").read_text(encoding="utf-8")
    assert not re.findall(r"^(?!#).*\n(spark\.\S+)", text, re.MULTILINE), "no comment above it"


def test_every_setting_of_hbase_has_its_reason():
    _, *blocks = re.split(r"\n\n|<configuration>\n", (DEPLOY / "hbase" / "hbase-site.xml").read_text(encoding="utf-8"))
    assert len(blocks) > 10 and not [block for block in blocks if not block.lstrip().startswith("<!-- ")]


def test_an_hbase_removes_what_it_needs_no_more_within_a_minute():
    properties = ElementTree.parse(DEPLOY / "hbase" / "hbase-site.xml").findall("property")
    wanted = {each.findtext("name"): each.findtext("value") for each in properties}
    often = int(wanted["hbase.master.cleaner.interval"])
    assert int(wanted["hbase.master.logcleaner.ttl"]) + often <= 30_000
    replaced = int(wanted["hbase.hfile.compaction.discharger.interval"]) + int(wanted["hbase.master.hfilecleaner.ttl"])
    assert replaced + often <= 60_000


def test_log_settings_are_the_sessions():
    ours = (ROOT / "jobs" / "spark" / "log4j2.properties").read_text()
    assert (DEPLOY / "spark" / "log4j2.properties").read_text() == ours


def test_the_image_is_made_by_the_commands_of_the_pages():
    done = {re.sub(r" --no-cache-dir| --quiet", "", line) for line in re.findall(r"RUN (python .+)", DOCKERFILE)}
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/sites.md"))
    told = {
        re.sub(r" --quiet|\s+#.*", "", line).strip() for line in re.findall(r"^python -m pip .+", pages, re.MULTILINE)
    }
    assert done == told and len(done) == 3


def test_the_image_has_the_versions_that_strix_runs_on():
    assert set(re.findall(r"FROM python:(\S+)-slim", DOCKERFILE)) == {"3.11"}
    (java,) = re.findall(r"openjdk-(\d+)-jre-headless", DOCKERFILE)
    assert int(java) in JAVA_VERSIONS
    user = DOCKERFILE.index("\nUSER 185")
    assert user < DOCKERFILE.index("ENTRYPOINT") and "USER" not in DOCKERFILE[user + 5 :]
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert [each for each in copied if not each.startswith("--") and not glob(str(ROOT / each))] == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_units_are_what_systemd_takes(tmp_path):
    for unit in UNITS:  # it looks for the programs, too
        text = unit.read_text(encoding="utf-8").replace("/srv/strix/.venv/bin/strix", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("file:///srv/strix", f"file://{ROOT}"))
    names = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "strix" in line]) == (0, [])


def test_systemd_tells_the_job_alone_to_stop():
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        if "strix night" in text:
            assert "KillMode=mixed" in text, f"{unit.name}: the JVM would get the signal, too"


@pytest.fixture
def stubs(tmp_path):
    """Programs that say how they were called."""
    for name in ("strix", "java", "bin/spark-submit"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text('#!/bin/sh\necho "$(basename $0)"\nfor each in "$@"; do echo "$each"; done\n')
        path.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "SPARK_HOME": str(tmp_path), "SPARK_CONF_DIR": "/conf"}


def entered(stubs: dict[str, str], *arguments: str) -> list[str]:
    command = ["bash", str(DEPLOY / "entrypoint.sh"), *arguments]
    return subprocess.run(command, env=stubs, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_entry_of_the_image_is_strix_or_a_pod_of_spark(stubs):
    assert entered(stubs, "night", "--input", "a b") == ["strix", "night", "--input", "a b"]
    driver = entered(stubs | {"SPARK_DRIVER_BIND_ADDRESS": "10.0.0.7"}, "driver", "--class", "x", "local:///night.py")
    assert driver[:5] == ["spark-submit", "--deploy-mode", "client", "--conf", "spark.driver.bindAddress=10.0.0.7"]
    assert driver[5:] == ["--class", "x", "local:///night.py"]


def test_a_pod_that_is_asked_to_stop_lets_the_job_finish(stubs, tmp_path):
    job = "trap 'sleep 0.3; echo finished; exit 3' TERM; touch began; while sleep 0.1; do :; done\n"
    (tmp_path / "job.sh").write_text(job)
    jvm = "#!/bin/bash\ntrap 'echo the JVM ended; exit 143' TERM\nbash job.sh &\nwait $!\n"
    (tmp_path / "bin" / "spark-submit").write_text(jvm)
    command = ["bash", str(DEPLOY / "entrypoint.sh"), "driver"]
    environment = stubs | {"SPARK_DRIVER_BIND_ADDRESS": "10.0.0.7"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as pod:
        while not (tmp_path / "began").exists():
            assert pod.poll() is None
            time.sleep(0.05)
        pod.terminate()
        said, _ = pod.communicate(timeout=30)
    assert (said, pod.returncode) == ("finished\n", 3), "the job's own exit code"


def test_an_executor_gets_what_spark_says_in_variables(stubs):
    said = {
        "SPARK_EXECUTOR_MEMORY": "1g", "SPARK_DRIVER_URL": "spark://d:1", "SPARK_EXECUTOR_ID": "3", "SPARK_EXECUTOR_CORES": "4",
        "SPARK_APPLICATION_ID": "app", "SPARK_EXECUTOR_POD_IP": "10.0.0.8", "SPARK_RESOURCE_PROFILE_ID": "0",
        "SPARK_EXECUTOR_POD_NAME": "pod", "SPARK_JAVA_OPT_0": "-Dx=a b", "SPARK_JAVA_OPT_1": "-Dy",
    }  # fmt: skip
    called = entered(stubs | said, "executor")
    assert called[:6] == ["java", "-Dx=a b", "-Dy", "-Xms1g", "-Xmx1g", "-cp"]
    options = dict(zip(called[8::2], called[9::2], strict=True))
    assert options["--driver-url"] == "spark://d:1" and options["--podName"] == "pod" and len(options) == 7
    jar = next(Path(pyspark.__file__).parent.glob("jars/spark-kubernetes_*.jar"))
    assert called[7].replace(".", "/").encode() in jar.read_bytes(), "the class is not in this Spark"


def test_the_incubator_line_goes_and_others_stay():
    said = "WARNING: Using incubator modules: jdk.incubator.vector"
    script = f". {DEPLOY}/spark/spark-env.sh; echo '{said}' >&2; echo 'a line of ours' >&2; echo out"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("out\n", "a line of ours\n")


def test_the_page_names_every_file():
    page = (ROOT / "docs" / "sites.md").read_text(encoding="utf-8")
    folders = [path for path in DEPLOY.iterdir() if path.name not in ("jars", "kafka", "hbase")]
    files = [each for path in folders for each in (path.iterdir() if path.is_dir() else [path])]
    assert [each.name for each in files if each.name not in page] == []
