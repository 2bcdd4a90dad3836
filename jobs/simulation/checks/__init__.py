"""How true the simulator is: simulated beside real, each check a file, named by its subject."""
