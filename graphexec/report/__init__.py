"""Reports: artifacts placed on disk, and run.json."""
