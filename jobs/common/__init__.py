"""What every room stands on: names of places, plain text and YAML, fault points."""
