"""What keeps old processes alive, whom the hard stop will cut, and closing sessions in waves."""
