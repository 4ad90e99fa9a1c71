"""The city's word lake: its pure rules."""
