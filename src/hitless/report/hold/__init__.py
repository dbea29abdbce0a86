"""What a holder says, drawn."""
