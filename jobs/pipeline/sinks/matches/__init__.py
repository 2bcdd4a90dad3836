"""Filters applied to a sealed batch."""
