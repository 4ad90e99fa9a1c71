"""The city's word vision: its pure rules."""
