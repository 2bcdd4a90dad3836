"""Tables of a simulated survey: light curves in the common view, the truth, and labels for training."""
