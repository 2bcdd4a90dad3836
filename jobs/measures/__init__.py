"""How good a classifier is, and how sure of that one can be: shares with intervals, calibration, comparisons."""
