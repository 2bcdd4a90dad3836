"""From a configuration to a running job."""
