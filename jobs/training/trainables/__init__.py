"""One file per model that can be trained; `jobs.training.trainable` says how one is written."""
