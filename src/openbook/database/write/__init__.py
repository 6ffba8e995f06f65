"""Writing a database: making its folder, adding and removing documents, compacting."""
