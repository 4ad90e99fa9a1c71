"""A simulated fleet: a farm of cameras on loopback, the city inside this machine, and a ledger to hold it against."""
