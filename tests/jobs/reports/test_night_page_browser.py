"""The page of a night in a real browser: nothing is asked of anybody, nothing is wider than a screen."""

import re
import subprocess

import numpy as np
import pytest
from browser import OPTIONS, chromium, opened
from matplotlib.image import imread

from jobs.reports.night_page.page import night_page

NIGHT = "20240210"


@pytest.fixture(scope="module")
def page(night_out):
    return night_page(night_out, NIGHT, count=6)


@pytest.fixture(scope="module")
def browser():
    return chromium()


def test_the_page_fits_a_telephone(browser, page, tmp_path):
    """390 px wide, as an iframe (a window has a least width): nothing but tables that scroll by themselves is wider."""
    (tmp_path / "inner.html").write_text(page, encoding="utf-8")
    outer = """<iframe id=f src=inner.html style="width:390px;height:9000px;border:0"></iframe><script>
    f.onload = () => { document.title = f.contentDocument.documentElement.scrollWidth + " " + getComputedStyle(
      f.contentDocument.querySelector(".two .tick")).fontSize }</script>"""
    (tmp_path / "outer.html").write_text(outer)
    command = [browser, *OPTIONS, "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'p'}", "--dump-dom"]
    command += ["--virtual-time-budget=3000", (tmp_path / "outer.html").as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    width, font = re.search(r"<title>(\d+) (\d+)px", dom).groups()
    assert int(width) <= 390
    assert int(font) >= 20  # of 720, which are shown on 340


def test_a_real_browser_asks_for_nothing_and_reports_no_error(browser, page, tmp_path):
    done, asked = opened(browser, page, tmp_path, "--window-size=1280,2400", f"--screenshot={tmp_path / 'night.png'}")
    assert asked == set()
    assert "CONSOLE" not in done.stderr
    shot = imread(tmp_path / "night.png")[..., :3]
    assert shot.shape[:2] == (2400, 1280)
    assert shot[:400].std() > 0.02  # the head is there
    assert len(np.unique((shot[::7, ::7] * 16).astype(int).reshape(-1, 3), axis=0)) > 40  # stamps, bars and a sky


def test_the_browser_test_would_see_a_request_and_an_error(browser, tmp_path):
    page = "<img src='http://127.0.0.1:9/a.png'><script>nothing.at.all</script>"
    done, asked = opened(browser, page, tmp_path, "--dump-dom", "--virtual-time-budget=2000")
    assert "http://127.0.0.1:9/a.png" in asked
    assert "CONSOLE" in done.stderr


def test_the_browser_lays_the_page_out_without_sideways_scrolling(browser, page, tmp_path):
    probe = "<script>document.title=[document.documentElement.scrollWidth,innerWidth,document.images.length].join()</script>"
    free = re.sub(r"<meta http-equiv=\"Content-Security-Policy\".*?>", "", page) + probe
    done, _ = opened(browser, free, tmp_path, "--dump-dom", "--window-size=700,900")
    width, window, images = map(int, re.search(r"<title>(\d+),(\d+),(\d+)</title>", done.stdout).groups())
    assert width <= window
    assert images == page.count("<img ")
