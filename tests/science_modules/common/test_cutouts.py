"""Stamps against astropy, on every real stamp, and the ways in which a stamp can be bad."""

import gzip
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from science_modules.common import cutouts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.cutouts import MAX_BYTES, STAMPS, stamps, triplets
from science_modules.common.fits import FitsError, first_image


def astropy_image(data: bytes) -> np.ndarray:
    raw = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    with fits.open(io.BytesIO(raw)) as hdus:
        return next(np.asarray(hdu.data) for hdu in hdus if hdu.data is not None)


def fits_bytes(*hdus: Any) -> bytes:
    stream = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(stream)
    return stream.getvalue()


def image_bytes(image: np.ndarray) -> bytes:
    return fits_bytes(fits.PrimaryHDU(image.astype(np.float32)))


def table(science: list[bytes | None], template: Any = None, difference: Any = None) -> pa.Table:
    columns = (science, template or science, difference or science)
    return pa.table({f"cutout_{s}": pa.array(c, pa.binary()) for s, c in zip(STAMPS, columns, strict=True)})


def assert_same_bits(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == np.float32 and ours.shape == theirs.shape
    np.testing.assert_array_equal(ours.view(np.uint32), theirs.astype(np.float32).view(np.uint32))


def test_every_real_ztf_stamp_is_what_astropy_reads(ztf_table: pa.Table) -> None:
    decoded = stamps(ztf_table)
    assert decoded.first_reasons == [None] * len(ztf_table)
    shapes, with_nan = set(), 0
    for stamp in STAMPS:
        for ours, data in zip(decoded.images[stamp], ztf_table[f"cutout_{stamp}"].to_pylist(), strict=True):
            assert ours is not None
            assert_same_bits(ours, astropy_image(data))
            shapes.add(ours.shape)
            with_nan += bool(np.isnan(ours).any())
    assert len(shapes) > 1, "no cropped stamp among them"
    assert with_nan > 0, "no stamp with NaN among them"


def test_every_real_rubin_stamp_is_what_astropy_reads(real_alerts: Path) -> None:
    n = 0
    for path in sorted(real_alerts.glob("lsst_alerts/lsst_v*.avro")):
        with path.open("rb") as stream:
            packets: list[Mapping[str, Any]] = list(fastavro.reader(stream))  # type: ignore[arg-type]
        columns = {f"cutout_{s}": pa.array([p.get(f"cutout{s.title()}") for p in packets], pa.binary()) for s in STAMPS}
        decoded = stamps(pa.table(columns))
        for stamp in STAMPS:
            for ours, reason, packet in zip(decoded.images[stamp], decoded.reasons[stamp], packets, strict=True):
                data = packet.get(f"cutout{stamp.title()}")
                if data is None:
                    assert (ours, reason) == (None, f"no {stamp} stamp")
                    continue
                assert ours is not None, reason
                assert_same_bits(ours, astropy_image(data))
                n += 1
    assert n > 300


def test_the_image_is_found_in_the_first_image_extension() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    column = fits.Column("x", "D", array=[1.0, 2.0])
    data = fits_bytes(fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column]), fits.ImageHDU(image))
    assert_same_bits(first_image(data), image)


def test_gzip_of_several_levels_and_raw_fits_give_the_same() -> None:
    raw = image_bytes(np.full((5, 7), 2.5))
    decoded = stamps(table([raw, gzip.compress(raw, 1), gzip.compress(raw, 9)]))
    for image in decoded.images["science"]:
        assert image is not None
        assert_same_bits(image, np.full((5, 7), 2.5))


RAW = image_bytes(np.arange(63.0 * 63).reshape(63, 63))
BAD = {
    "missing": (None, "no science stamp"),
    "empty": (b"", "no science stamp"),
    "not FITS": (b"hello", "science stamp unreadable: byte 0: wants SIMPLE or XTENSION, has b'hello'"),
    "not FITS in gzip": (gzip.compress(b"hello"), "science stamp unreadable: byte 0: wants SIMPLE"),
    "gzip cut short": (gzip.compress(RAW)[:-20], "science stamp unreadable: "),
    "gzip without its end": (gzip.compress(RAW)[:-8], "science stamp unreadable: gzip stream ends early"),
    "gzip checksum": (gzip.compress(RAW)[:-8] + bytes(8), "science stamp unreadable: "),
    "pixels cut short": (RAW[:4000], "science stamp unreadable: 63x63 pixels want 15876 bytes, the file has 1120"),
    "header cut short": (RAW[:200], "science stamp unreadable: header without END"),
    "bomb": (gzip.compress(RAW + bytes(MAX_BYTES)), "science stamp inflates beyond 4 MiB"),
    "float64": (fits_bytes(fits.PrimaryHDU(np.ones((3, 3)))), "science stamp unreadable: wants BITPIX -32, has -64"),
    "cube": (fits_bytes(fits.PrimaryHDU(np.ones((2, 3, 3), np.float32))), "science stamp unreadable: no two-dim"),
    "scaled": (RAW.replace(b"EXTEND  =                    T", b"BSCALE  =                  2.0"), "science stamp unr"),
    "negative axis": (RAW.replace(b"NAXIS1  =                   63", b"NAXIS1  =                  -63"), "science sta"),
    "huge axis": (RAW.replace(b"NAXIS1  =                   63", b"NAXIS1  =           9999999999"), "science stamp u"),
    "no number": (RAW.replace(b"NAXIS1  =                   63", b"NAXIS1  =                 many"), "science stamp u"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_stamp_is_a_reason_and_its_neighbours_stay(name: str) -> None:
    data, reason = BAD[name]
    decoded = stamps(table([RAW, data, RAW], [RAW] * 3, [RAW] * 3))
    assert (decoded.reasons["science"][1] or "").startswith(reason)
    assert decoded.images["science"][1] is None
    assert decoded.first_reasons[::2] == [None, None]
    normalised = triplets(decoded)
    assert [bool(r) for r in normalised.reasons] == [False, True, False]
    np.testing.assert_array_equal(normalised.planes[0], normalised.planes[2])


def test_a_bomb_is_not_inflated_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated: list[int] = []

    class Spy:
        def __init__(self, wbits: int) -> None:
            self.stream = isal_zlib.decompressobj(wbits=wbits)

        def decompress(self, data: bytes, *limit: int) -> bytes:
            raw = self.stream.decompress(data, *limit)
            inflated.append(len(raw))
            return raw

    bomb = table([gzip.compress(bytes(20 * MAX_BYTES))])
    monkeypatch.setattr(cutouts, "isal_zlib", type("fake", (), {"decompressobj": Spy}))
    assert stamps(bomb).first_reasons == ["science stamp inflates beyond 4 MiB"]
    assert max(inflated) <= MAX_BYTES + 1


@given(st.binary(max_size=200), st.integers(0, len(RAW) - 1), st.booleans())
def test_damaged_bytes_never_raise(noise: bytes, at: int, zipped: bool) -> None:
    damaged = RAW[:at] + noise + RAW[at + len(noise) :]
    data = gzip.compress(damaged, 1) if zipped else damaged
    image, reason = cutouts._read("science", data)
    assert (image is None) == (reason is not None)


def test_a_loop_of_huge_empty_extensions_ends() -> None:
    header = b"".join(
        card.ljust(80) for card in (b"SIMPLE  =                    T", b"BITPIX  =  8", b"NAXIS   =  0", b"END")
    ).ljust(2880)
    with pytest.raises(FitsError, match="no two-dimensional image"):
        first_image(header * 100)


def slow_triplet(images: list[np.ndarray]) -> np.ndarray:
    """SCIENCE D.4, pixel by pixel."""
    out = np.full((63, 63, 3), 1e-9)
    for channel, image in enumerate(images):
        total = math.fsum(float(v) ** 2 for v in image.ravel() if math.isfinite(v))
        for y in range(image.shape[0]):
            for x in range(image.shape[1]):
                value = float(image[y, x]) if math.isfinite(image[y, x]) else 0.0
                out[y, x, channel] = value / math.sqrt(total) if total else 0.0
    return out


def test_triplets_are_clean_of_unit_norm_and_padded_at_the_bottom_right() -> None:
    rng = np.random.default_rng(1)
    whole, cropped, flat = rng.normal(100, 5, (63, 63)), rng.normal(0, 1, (48, 61)), np.zeros((63, 63))
    flat[10:20, 10:30] = rng.normal(0, 1, (10, 20))
    whole[3, 4], whole[5, 6], cropped[0, 0] = np.nan, np.inf, -np.inf
    batch = AlertBatch(table([image_bytes(whole)], [image_bytes(cropped)], [gzip.compress(image_bytes(flat))]))
    assert batch.triplets.reasons == [None]
    assert batch.triplets is batch.triplets
    expected = slow_triplet([image.astype(np.float32) for image in (whole, cropped, flat)])
    np.testing.assert_allclose(batch.triplets.images[0], expected, rtol=3e-7)
    assert batch.triplets.images.dtype == np.float32
    assert batch.triplets.images[0, 62, 62, 1] == np.float32(1e-9)


def test_a_stamp_with_fill_values_becomes_zero_as_in_the_published_code() -> None:
    image = np.ones((63, 63), np.float32)
    image[:20] = np.finfo(np.float32).max
    with np.errstate(over="ignore"):
        published = image / np.linalg.norm(image)  # float32: the norm is infinite
    batch = AlertBatch(table([image_bytes(image)]))
    np.testing.assert_array_equal(batch.triplets.planes[0, 0], published)
    assert not published.any()


def blank(kind: str) -> np.ndarray:
    image = np.full((63, 63), {"zero": 0.0, "constant": 117.25, "nan": np.nan, "infinite": np.inf}.get(kind, 5.0))
    if kind == "nan and constant":
        image[::2] = np.nan
    if kind == "one hot pixel":
        image[31, 31] = 1e4
    if kind == "too few":  # 24 pixels stand alone: each differs from the one before, and the one behind from it
        image[1:9:2, 1:13:2] = np.arange(24).reshape(4, 6) + 6.0
    return image


@pytest.mark.parametrize(
    "kind", ["zero", "constant", "nan", "infinite", "nan and constant", "one hot pixel", "too few"]
)
@pytest.mark.parametrize("plane", [0, 1, 2])
def test_a_stamp_without_information_is_a_reason_and_its_neighbours_stay(kind: str, plane: int) -> None:
    rng = np.random.default_rng(3)
    planes = [[image_bytes(rng.normal(100, 5, (63, 63))) for _ in range(3)] for _ in range(3)]
    planes[plane][1] = image_bytes(blank(kind))
    batch = AlertBatch(table(*planes))
    name = ("science", "template", "difference")[plane]
    n = {"one hot pixel": 2, "too few": 48}.get(kind, 0)
    reason = f"no information in {name}: {n} finite pixels of 3969 differ from the one before, wants 50"
    assert batch.triplets.reasons == batch.stamps.unusable == [None, reason, None]
    assert batch.stamps.first_reasons == [None] * 3


def test_the_least_information_that_is_enough_is_the_number_that_is_told() -> None:
    image = np.zeros((63, 63))
    image[40:45, 3:13:2] = 1.0  # 25 pixels, and the pixel behind each
    assert AlertBatch(table(*[[image_bytes(image)]] * 3)).stamps.unusable == [None]
    image[44, 11] = 0.0
    assert "48 finite pixels of 3969" in str(AlertBatch(table(*[[image_bytes(image)]] * 3)).stamps.unusable)


def test_every_real_stamp_has_ten_times_the_information_that_is_wanted(
    ztf_table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutouts, "LEAST_INFORMATIVE_PIXELS", 1000)
    assert stamps(ztf_table).unusable == [None] * len(ztf_table)


def test_a_stamp_larger_than_the_network_has_a_reason() -> None:
    batch = AlertBatch(table([image_bytes(np.ones((63, 93)))]))
    assert batch.triplets.reasons == ["science stamp is 63x93, wants at most 63x63"]


def test_the_same_stamp_has_the_same_bits_in_any_batch() -> None:
    rng = np.random.default_rng(2)
    data = [image_bytes(rng.normal(0, 1, (63, 63))) for _ in range(40)]
    together = triplets(stamps(table(data))).planes  # type: ignore[arg-type]
    for row in (0, 7, 39):
        np.testing.assert_array_equal(triplets(stamps(table([data[row]]))).planes[0], together[row])
