"""Reading the record of what was done, and sealing it so that a change to it shows."""
