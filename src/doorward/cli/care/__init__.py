"""Looking after an installation: doctor, backup, restore."""
