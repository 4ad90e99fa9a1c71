"""The AWS inside this machine: everything that knows it is an emulator (ministack) stands here, and nowhere else."""
