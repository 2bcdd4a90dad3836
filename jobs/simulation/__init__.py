"""The survey simulator: valid packets of a sky whose truth is known, for use where real packets are absent.

Every packet says that it is simulated. ZTF's: its publisher is "Strix simulator (SIMULATED)", its objectId begins with
SIM, and its candid lies above 9e18, where ZTF's would begin in August 2041. Rubin's: its ids are negative.
"""

from jobs.simulation.night import simulate
from jobs.simulation.sky_night import Layout

__all__ = ["Layout", "simulate"]
