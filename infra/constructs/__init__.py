"""One house construct for each kind of resource, with the safe defaults inside."""
