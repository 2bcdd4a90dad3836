"""Outputs whose matches are sent."""

from sent_output import output, start_job

__all__ = ["output", "start_job"]
