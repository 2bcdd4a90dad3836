"""The survey simulator: valid ZTF packets of invented objects, for use where real packets are absent.

Every packet says that it is simulated: its publisher is "Strix simulator (SIMULATED)", its objectId begins with SIM,
and its candid lies above 9e18, where ZTF's would begin in August 2041.
"""

from jobs.simulation.night import Layout, simulate

__all__ = ["Layout", "simulate"]
