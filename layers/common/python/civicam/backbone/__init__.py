"""The city's word backbone: its pure rules."""
