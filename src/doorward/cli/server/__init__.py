"""Running a server: `serve` for production, `dev` for this machine."""
