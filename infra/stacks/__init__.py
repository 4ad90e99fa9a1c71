"""One stack for each word of the city; a stack is a table of contents."""
