"""The words that cross a boundary: facts, documents in S3, ids, units and errors."""
