"""Maintenance: merging the many small files of a night, removing old packets and cutouts, without a reader noticing."""
