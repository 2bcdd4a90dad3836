"""Records of batches, the index of alert ids, the journal of what was moved, quarantine."""
