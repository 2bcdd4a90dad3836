"""Packets from files, folders and archives."""
