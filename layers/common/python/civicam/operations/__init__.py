"""The city's word operations: its pure rules."""
