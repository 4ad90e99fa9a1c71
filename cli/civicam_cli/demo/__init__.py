"""`civicam demo`: real footage goes the whole way, and what becomes of it is shown and checked."""
