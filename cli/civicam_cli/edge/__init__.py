"""What stands at the edge: recorders with identities of their own, and cameras that are found on a network."""
