"""Simulated Rubin LSST alert packets in the layout of schema 10.0."""
