"""ONVIF (Profile S and T) as far as a recorder needs it: who is there, and where the pictures are."""
