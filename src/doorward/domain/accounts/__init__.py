"""Users and service accounts: who they are, how their names are spelled and compared, how they are found."""
