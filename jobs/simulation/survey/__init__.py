"""Nights of packets of the same objects: a survey, made bundle of objects by bundle."""
