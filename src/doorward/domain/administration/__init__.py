"""What administrators may do to each other: nobody hands out, or takes over, more of doorward than they hold."""
