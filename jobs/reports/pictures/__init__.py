"""Pictures of alerts: light curves, stamps, contact sheets."""
