"""The city's word cameras: its pure rules."""
