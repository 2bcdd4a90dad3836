"""A real browser that looks at pages: nothing leaves this machine."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing leaves this machine, the browser's own neither
]


def chromium() -> str:
    """Its path; the test skips where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium: `apt-get install chromium` puts it there")
    return found


def opened(browser: str, page: str, directory: Path, *more: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Open a page; the browser's outcome and every address that the page asked for."""
    path, log = directory / "night.html", directory / "net.json"
    path.write_text(page, encoding="utf-8")
    command = [
        browser,
        *OPTIONS,
        f"--user-data-dir={directory / 'profile'}",
        f"--log-net-log={log}",
        *more,
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    events = json.loads(log.read_text())["events"]
    asked = [event["params"] for event in events if "initiator" in event.get("params", {})]
    # what no page began ("not an origin") is the browser's own maintenance
    return done, {each["url"] for each in asked if each["initiator"] != "not an origin"} - {path.as_uri()}
