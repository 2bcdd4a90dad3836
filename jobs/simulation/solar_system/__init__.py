"""Minor planets: orbits about the Sun, and where and how bright they are in the sky."""
