"""The city's word watch: its pure rules."""
