"""What a person allowed a client to ask for in their name, and how they take it back."""
