"""Decode, common view and science in one pass, kept apart from modules that kill their worker."""
