"""Rows into a file of one form, and out of it again for the proof that they are there."""
