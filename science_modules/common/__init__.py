"""What science modules share: the contract, the view, light curves, photometry, cutouts, artefacts."""
