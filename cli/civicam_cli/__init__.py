"""The command line `civicam`: what runs on a person's machine."""
