"""Functions of light curves in flat arrays: what alerce_features and alerce_features_lsst are made of."""
