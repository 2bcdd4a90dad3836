"""Maintenance: merging the many small files of a night, removing old packets and stamps, without a reader noticing."""
