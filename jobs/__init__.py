"""The job suite: packets in, science out."""
