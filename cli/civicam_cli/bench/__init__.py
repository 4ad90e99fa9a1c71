"""`civicam bench`: what this machine does, measured part by part. A new part is one file here and one name in PARTS."""
