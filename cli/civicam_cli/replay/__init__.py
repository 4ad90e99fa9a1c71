"""`civicam replay`: stored clips judged again beside their first facts, and what that changes."""
