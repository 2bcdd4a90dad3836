"""Scoring a night again in place: new answers beside what the science table holds, exchanged as a compaction is."""
