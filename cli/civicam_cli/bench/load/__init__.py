"""A load on the city inside this machine: cameras that deliver a clip as it closes, and an ear for their alerts."""
