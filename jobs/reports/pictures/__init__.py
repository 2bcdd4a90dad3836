"""Pictures of alerts: light curves, cutouts, contact sheets."""
