"""What ZTF sends of what it detects: surroundings, cutouts, measurements, packets."""
