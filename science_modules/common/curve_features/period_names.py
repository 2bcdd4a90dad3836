"""What the search for a period tells; without its kernels, so that what lists modules does not load numba."""

MULTIPLES = {"1/4": 1 / 4, "1/3": 1 / 3, "1/2": 1 / 2, "2": 2.0, "3": 3.0, "4": 4.0}
NAMES = ("Multiband_period", "PPE", *(f"Power_rate_{name}" for name in MULTIPLES))
