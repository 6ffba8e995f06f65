"""A sharded book: several databases in one folder that are read and written as one."""
