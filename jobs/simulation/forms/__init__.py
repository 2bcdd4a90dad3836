"""Forms that classes share: distributions, spectra, light curves, random walks, orbits."""
