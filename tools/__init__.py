"""What the make targets run; the program itself needs none of it."""
