"""The index beside the science table: where an object, an alert, a body or a place on the sky is, without opening its files.

It is derived from the science files, may be missing, old or damaged, and lies in `<output>/_index/night=<YYYYMMDD>/`:

- `*.keys`, a few per night (`segment.py`): of each alert its summary, file and row, sorted by place on the sky, by object,
  alert, body and time. Immutable, and of exactly the science files that it names with size and time: one that names a
  file that is not there so any more is not used. Whoever asks makes what is missing, and `strix compact` does so before.
- `*.rows`, one per science file (`packed_rows.py`): its rows whole, a few at a time. A science file has some 600 columns:
  one row of it takes 50 to 110 ms to read, and an object may have alerts in a hundred files. Only `strix compact` makes
  them; where there is none the science file is read.

Both are read by memory mapping, in pages that carry checksums (`checked_file.py`).
"""
