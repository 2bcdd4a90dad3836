"""A scheme is refused wherever a path is given, with what works; nothing is written to a folder called s3a:."""

from pathlib import Path

import pytest

from jobs.cli.main import main
from jobs.common.local_paths import NoLocalPath, local_name, local_path
from jobs.config import ConfigError, JobConfig, load

REFUSED = [
    "s3a://bucket/night",
    "hdfs://namenode:8020/x",
    "gs://b/x",
    "s3a:/bucket/night",
    "abfss://c@a/x",
    "S3A://B/x",
]


@pytest.mark.parametrize("text", [*REFUSED, "file://host/x", "unheard-of://x"])
def test_a_scheme_is_refused_with_what_works(text: str) -> None:
    with pytest.raises(NoLocalPath, match="POSIX file system") as refused:
        local_path(text)
    assert text in str(refused.value)
    assert "file:///data/night" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///data/night", "/data/night"),
        ("file:/data/night", "/data/night"),
        ("file://localhost/data/night", "/data/night"),
        ("file:///data/a%20b", "/data/a b"),
        ("/data/night", "/data/night"),
        ("data/night", "data/night"),
        ("./s3a:/x", "./s3a:/x"),
        ("night:1/a.avro", "night:1/a.avro"),
        ("a:b", "a:b"),
        ("v:/x", "v:/x"),
        ("*.avro", "*.avro"),
    ],
)
def test_what_is_a_path_stays_one(text: str, path: str) -> None:
    assert local_name(text) == path


@pytest.mark.parametrize("key", ["output", "checkpoint", "models", "schemas", "filters"])
def test_every_path_of_a_configuration_is_looked_at(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} is s3a://bucket/x"):
        JobConfig().but(**{key: "s3a://bucket/x"})
    assert load(None, {key: "file:///data/x"}).value(key) == "/data/x"


def test_inputs_are_looked_at_one_by_one() -> None:
    with pytest.raises(ConfigError, match="input is hdfs://n/x"):
        load(None, {"input": ["/data/a", "hdfs://n/x"]})
    assert load(None, {"input": ["file:///data/a", "b/*.avro"]}).source.input == ("/data/a", "b/*.avro")
    # Where weights are fetched from may be a URL.
    assert load(None, {"model_sources": ["https://zenodo.org/x"]}).science.model_sources == ("https://zenodo.org/x",)


S3 = "s3a://bucket/x"
COMMANDS = [
    ["night", "--input", "packets", "--output", S3],
    ["night", "--input", S3, "--output", "out"],
    ["ingest", "--input", "packets", "--output", "out", "--checkpoint", S3],
    ["enrich", "--input", "packets", "--output", S3],
    ["ledger", "check", S3],
    ["ledger", "show", S3],
    ["quarantine", "list", S3],
    ["quarantine", "show", "out", "id", "--bytes", S3],
    ["scores", S3],
    ["sheet", S3],
    ["sheet", "out", "-o", "s3a://bucket/x.png"],
    ["show", "1", "--data", S3],
    ["show", "1", "-o", "s3a://bucket/x.png"],
    ["report", S3],
    ["report", "out", "-o", "s3a://bucket/x.html"],
    ["compact", S3],
    ["prune", S3, "--keep-days", "1"],
    ["stream", "status", S3],
    ["simulate", S3],
    ["listen", "topic", "--save", S3],
    ["filter", "test", "x.yaml", "--data", S3],
    ["filter", "new", "x", "--directory", S3],
    ["models", "list", "--models", S3],
    ["export", S3, "-o", "x.fits"],
    ["export", "out", "-o", "s3a://bucket/x.fits"],
    ["module", "new", "mine", "--directory", S3],
    ["bench", "decode", "--packets", S3],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_verb_refuses_it_and_makes_no_folder_of_that_name(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as ended:  # argparse
        code = int(ended.code or 0)
    said = " ".join(capsys.readouterr().err.split())
    assert code == 2
    assert "POSIX file system" in said
    assert list(tmp_path.iterdir()) == []
